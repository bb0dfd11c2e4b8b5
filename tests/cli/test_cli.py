"""Each command prints data to stdout and the rest to stderr, ends with the right code, and says what to do instead."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gis import cli
from gis.base.text import display_width
from gis.cli.options import parse_distance
from gis.cli.reference import reference
from tests import ROOT
from tests.fixtures.small_project import SmallProject, feature, point

Run = Callable[..., "Ended"]
posix = pytest.mark.skipif(os.name == "nt", reason="signals, pseudo-terminals and pipes of POSIX")


class Ended:
    """How a command ended: its exit code and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out, newline="")))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `gis` as the console script does, in this process."""

    def run(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["gis", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, captured.out, captured.err)

    return run


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SmallProject().write(tmp_path_factory.mktemp("small") / "两港 project")


def start(*words: object, **options: object) -> subprocess.Popen[str]:
    """Start `gis` as a process of its own."""
    code = "import sys; from gis.cli import main; sys.argv[0] = 'gis'; main()"
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8", "cwd": ROOT, **options}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, words)], **given)  # type: ignore[call-overload, no-any-return]


def finish(process: subprocess.Popen[str]) -> Ended:
    out, err = process.communicate(timeout=120)
    return Ended(process.returncode, out, err)


# --- Data to stdout, the rest to stderr -------------------------------------------------------------------------------

LISTINGS = ["cities", "plans", "systems", "zones", "enterprises", "roads", "facilities", "districts", "segments"]
AT = ["--at", "121.015", "31.005"]
ROWS = [
    *(["list", what] for what in LISTINGS),
    ["facts"],
    ["facts", "--kind", "zones", "--kind", "systems", "--kind", "zones"],
    ["facts", "--plan", "hill-plan", "--city", "hill"],
    ["facts", "stats"],
    ["query", "at", "121.015", "31.005"],
    ["query", "in", "--zone", "east-port"],
    ["query", "in", "--zone", "east-port", "--kind", "roads"],
    ["query", "near", *AT, "--within", "2km"],
    ["query", "near", "--zone", "east-port", "--within", "800m", "--kind", "facilities", "--kind", "roads"],
    ["query", "near", "--road", "quay-road", "--within", "3公里"],
    ["query", "near", "--enterprise", "seastar", "--within", "500"],
    ["query", "nearest", *AT, "--kind", "roads", "-n", "1"],
    ["coverage", "--city", "port"],
    ["overlap", "--city", "hill"],
    ["indicators", "--all"],
    ["structure", "--city", "port"],
    ["check", "--unplaced"],
]  # fmt: skip


@pytest.mark.parametrize("words", ROWS, ids=" ".join)
def test_every_command_prints_data_that_parses_and_nothing_else(run: Run, small: Path, words: list[str]) -> None:
    as_json = run(*words, "--project", small, "--format", "json")
    assert as_json.code == 0, as_json.err
    assert json.loads(as_json.out)
    as_csv = run(*words, "--project", small, "--format", "csv")
    assert as_csv.code == 0
    assert as_csv.rows()
    assert all(None not in row and None not in row.values() for row in as_csv.rows()), "a row is longer or shorter"
    as_table = run(*words, "--project", small)
    assert as_table.code == 0
    title, rule, *lines = as_table.out.splitlines()
    assert set(rule) == {"-", " "}
    assert lines
    assert all(display_width(line) <= display_width(rule) for line in [title, *lines])


@pytest.mark.parametrize("words", [words for words in ROWS if words[0] in {"list", "facts", "query"}], ids=" ".join)
def test_json_and_csv_hold_the_same_rows(run: Run, small: Path, words: list[str]) -> None:
    in_json = json.loads(run(*words, "--project", small, "--format", "json").out)
    in_csv = run(*words, "--project", small, "--format", "csv").rows()
    assert len(in_json) == len(in_csv)
    assert [str(row.get("name", "")) for row in in_json] == [row.get("name", "") for row in in_csv]


@pytest.mark.parametrize("words", [words for words in ROWS if words[0] == "query"], ids=" ".join)
def test_an_answer_is_geojson_too(run: Run, small: Path, words: list[str]) -> None:
    found = json.loads(run(*words, "--project", small, "--format", "geojson").out)
    assert found["type"] == "FeatureCollection"
    rows = json.loads(run(*words, "--project", small, "--format", "json").out)
    assert {each["properties"]["id"] for each in found["features"]} == {row["id"] for row in rows}
    assert all("crs" not in found and each["geometry"] is not None for each in found["features"])


def test_where_nothing_is_found_data_is_empty_and_the_word_goes_to_stderr(run: Run, small: Path) -> None:
    asked = ["query", "at", "100", "20", "--project", small]
    assert json.loads(run(*asked, "--format", "json").out) == []
    assert json.loads(run(*asked, "--format", "geojson").out)["features"] == []
    table = run(*asked)
    assert (table.code, table.out) == (0, "")
    assert "nothing found" in table.err
    assert "(100.000000, 20.000000) of WGS 84 lies in no zone or district of port, hill" in table.err


def test_build_prints_its_table_and_tells_progress_on_stderr(run: Run, small: Path, tmp_path: Path) -> None:
    ended = run("build", "--project", small, "--out", tmp_path / "地图 maps", "--city", "hill")
    assert ended.code == 0, ended.err
    assert [line.split()[0] for line in ended.out.splitlines()[2:]] == ["hill"]
    assert "[1/1] 山城" in ended.err
    assert str(tmp_path / "地图 maps" / "hill" / "index.html") in ended.err
    assert (tmp_path / "地图 maps" / "index.html").is_file()


def test_check_of_a_sound_project_has_no_data_and_ends_well(run: Run, small: Path) -> None:
    ended = run("check", "--project", small)
    assert (ended.code, ended.out) == (0, "")
    assert "no faults; 1 features are unplaced" in ended.err
    assert json.loads(run("check", "--project", small, "--format", "json").out) == []


def test_export_is_the_layer_as_it_stands(run: Run, small: Path, tmp_path: Path) -> None:
    ended = run("export", "enterprises", "--city", "port", "--project", small)
    assert ended.code == 0
    found = json.loads(ended.out)["features"]
    assert [each["properties"]["id"] for each in found] == ["anchor", "ghost", "seastar"]
    assert run("export", "enterprises", "--city", "port", "--project", small, "-o", "-").out == ended.out
    path = tmp_path / "企业 名单.geojson"
    written = run("export", "enterprises", "--city", "port", "--project", small, "-o", path)
    assert written.out == ""
    assert f"wrote {path}" in written.err
    assert path.read_text("utf-8") == ended.out


def test_export_of_several_cities_says_the_city_of_each_feature(run: Run, small: Path) -> None:
    for words in ([], ["--city", "port", "--city", "hill"]):
        found = json.loads(run("export", "enterprises", "--project", small, *words).out)["features"]
        assert {each["properties"]["id"]: each["properties"]["city"] for each in found} == {
            "anchor": "port", "ghost": "port", "pine": "hill", "seastar": "port",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "begins"), [("z.gpkg", b"SQLite format 3"), ("z.xlsx", b"PK"), ("z.csv", b"\xef\xbb\xbf")]
)
def test_export_takes_its_format_from_the_file_named(
    run: Run, small: Path, tmp_path: Path, name: str, begins: bytes
) -> None:
    ended = run("export", "zones", "--project", small, "-o", tmp_path / name)
    assert ended.code == 0, ended.err
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_shapefile_is_named_as_asked(run: Run, small: Path, tmp_path: Path) -> None:
    ended = run("export", "roads", "--project", small, "-o", tmp_path / "测试路.shp")
    assert ended.code == 0, ended.err
    assert {path.stem for path in tmp_path.iterdir()} == {"测试路", "测试路_fields"}
    assert "测试路_fields.csv" in ended.err
    assert "roads_fields" not in ended.err


# --- Exit codes and messages ------------------------------------------------------------------------------------------

NOT_UNDERSTOOD = {
    "": "Usage: gis",
    "lst": "Did you mean 'list'?",
    "list zone": "'zone' is not one of",
    "list zones --fomat csv": "--format",
    "query": "Usage: gis query",
    "query at": "Missing argument 'LON'",
    "query at 121": "Missing argument 'LAT'",
    "query at east 31": "LON",
    "query at nan 31": "(nan, 31.0) is no position",
    "query at 121 inf": "(121.0, inf) is no position",
    "query near --within 2km": "say near what, once: --at LON LAT, --zone ID, --road ID or --enterprise ID",
    "query near --within 2km --zone east-port --road quay-road": "say near what, once",
    "query near --within 2km --at 121 31 --zone east-port": "say near what, once",
    "query near --zone east-port": "--within",
    "query near --zone east-port --within far": "'far' is not a distance; write metres or kilometres above 0",
    "query near --zone east-port --within 0": "'0' is not a distance",
    "query near --zone east-port --within -5km": "'-5km' is not a distance",
    "query near --zone east-port --within 1km --kind road": "'road' is not one of",
    "query nearest --at 121": "--at",
    "query nearest --at 121 31 -n 0": "Invalid value for '-n'",
    "query in --zone east-port --kind roads --segment parts": "goes with --kind enterprises",
    "coverage --city port --on 2021-02-30": "'2021-02-30' is not a day; write one like 2020-12-31",
    "coverage --city port --reach far": "'far' is not a distance",
    "export zones --format shp": "a shapefile is several files",
    "export zones -o zones.foo": "zones.foo ends in no format of geojson, gpkg",
    "build --out gis.toml": "gis.toml is a file; name a folder",
    "facts --kind zones stats": "options go after stats",
    "facts verify --text nowhere": "nowhere is not there",
}


@pytest.mark.parametrize("words", NOT_UNDERSTOOD)
def test_what_is_not_understood_exits_with_2_and_says_what_is_allowed(run: Run, small: Path, words: str) -> None:
    given = words.split()
    project = [] if words in {"", "lst", "query", "facts --kind zones stats"} else ["--project", small]
    ended = run(*given, *project)
    assert ended.code == 2
    assert "Traceback" not in ended.err
    if words not in {"", "query"}:
        assert ended.out == ""
    assert NOT_UNDERSTOOD[words] in " ".join((ended.out + ended.err).split())


FAULTY = {
    "coverage --format xlsx": "the project has several cities; say which: --city port | hill",
    "coverage --city prot": "no city has the id 'prot'; did you mean port (港城)?",
    "list zones --city 山城": "did you mean hill (山城)?",
    "check --city x": "no city has the id 'x'; known: hill (山城), port (港城)",
    "facts --plan port": "no plan has the id 'port'; did you mean port-plan (port规划)?",
    "query in --zone eastport": "no zone has the id 'eastport'; did you mean east-port (名east-port)",
    "query in --zone east-port --segment cars": "segment 'cars' is not one of vehicle, parts, unknown",
    "query near --road quay --within 1km": "no road has the id 'quay'; did you mean quay-road (名quay-road)?",
    "query near --enterprise anchor --within 1km": "anchor (名anchor) is known only to lie in south-park: ask --zone",
    "query near --enterprise ghost --within 1km": "ghost (名ghost) is known only to lie in paper-park: ask --zone",
    "query at 31.005 121.015": "longitude and latitude look swapped",
    "query at -31.005 -121.015": "(-31.005, -121.015) is no longitude, latitude",
    "query at 40512345 3463000": "look like metres of a projected system",
    "query at 121 31 --datum pulkovo": "the datum 'pulkovo' is not known; allowed are wgs84, gcj02",
    "query near --at 31 121 --within 1km": "longitude and latitude look swapped",
    "export zones -o no/such/folder/zones.geojson": "the folder",
}


@pytest.mark.parametrize("words", FAULTY)
def test_a_fault_in_what_is_asked_exits_with_1_and_suggests(run: Run, small: Path, words: str) -> None:
    ended = run(*words.split(), "--project", small)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: ")
    assert FAULTY[words] in ended.err


def test_negative_coordinates_are_numbers_and_not_options(run: Run, small: Path) -> None:
    ended = run("query", "at", "-121.015", "-31.005", "--project", small)
    assert ended.code == 0
    assert "(-121.015000, -31.005000) of WGS 84 lies in no zone" in ended.err
    assert run("query", "near", "--at", "-121.015", "-31.005", "--within", "1km", "--project", small).code == 0


@pytest.mark.parametrize(
    ("text", "metres"),
    [("500", 500), ("800m", 800), ("800 米", 800), ("2km", 2000), ("2KM", 2000), ("0.5公里", 500), ("1.5千米", 1500),
     ("２ｋｍ", 2000), ("2 km", 2000)],
)  # fmt: skip
def test_distances_are_read_as_people_write_them(text: str, metres: float) -> None:
    assert parse_distance(text) == metres


def test_the_same_point_in_each_datum_lies_in_the_same_zones(run: Run) -> None:
    points = {"wgs84": (121.1575, 31.2904), "gcj02": (121.16206, 31.28852), "bd09": (121.16856, 31.29449)}
    answers = {}
    for datum, position in points.items():
        rows = json.loads(run("query", "at", *position, "--datum", datum, "--format", "json", "--project", ROOT).out)
        answers[datum] = {row["id"]: row["probability"] for row in rows}
    assert "anting-town" in answers["wgs84"]
    for datum in ("gcj02", "bd09"):
        assert answers[datum] == pytest.approx(answers["wgs84"], abs=0.011), datum


@pytest.mark.parametrize("repeated", [["port"], ["hill"], ["port", "hill"], ["hill", "hill"]])
def test_city_may_be_given_more_than_once(run: Run, small: Path, repeated: list[str]) -> None:
    words = [word for city in repeated for word in ("--city", city)]
    rows = json.loads(run("list", "zones", *words, "--project", small, "--format", "json").out)
    assert {row["city"] for row in rows} == set(repeated)
    near = ["query", "nearest", *AT, "-n", "99", *words, "--project", small, "--format", "json"]
    assert {row["city"] for row in json.loads(run(*near).out)} == set(repeated)


@pytest.mark.parametrize("command", ["coverage", "overlap", "structure"])
def test_statistics_of_several_cities_say_the_city_and_of_one_do_not(run: Run, small: Path, command: str) -> None:
    def asked(format_: str, *cities: str) -> Ended:
        words = [word for city in cities for word in ("--city", city)]
        return run(command, *words, "--project", small, "--format", format_)

    both, one = json.loads(asked("json").out), json.loads(asked("json", "hill").out)
    assert {row["city"] for row in both} == {"port", "hill"} if command != "overlap" else len(both) == 2
    assert isinstance(one, list) == (command == "structure")
    assert "city" in asked("csv", "port", "hill").out.splitlines()[0].split(",")
    assert "city" not in asked("csv", "hill").out.splitlines()[0].split(",")
    assert asked("table").out.splitlines()[0].startswith("城市")


COMMANDS = [
    ["build"], ["check"], ["list"], ["coverage"], ["overlap"], ["indicators"], ["structure"], ["export", "zones"],
    ["facts"], ["facts", "conflicts"], ["facts", "stats"], ["layers", "audit"], ["query", "at", "121", "31"],
    ["query", "in", "--zone", "east-port"], ["query", "near", "--zone", "east-port", "--within", "1km"],
    ["query", "nearest", *AT],
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_project_that_is_not_there_is_said_to_be_so(run: Run, tmp_path: Path, words: list[str]) -> None:
    ended = run(*words, "--project", tmp_path / "nowhere")
    assert (ended.code, ended.out) == (2, "")
    assert "nowhere is not there" in " ".join(ended.err.split())
    (tmp_path / "empty").mkdir()
    ended = run(*words, "--project", tmp_path / "empty")
    assert (ended.code, ended.out) == (1, "")
    assert "gis.toml: is not there; a project is a folder with gis.toml, seeds/ and layers/" in ended.err


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    parts = SmallProject()
    parts.feature("port", "zones", "east-port")["properties"]["category"] = "garden"
    parts.feature("port", "enterprises", "seastar")["properties"]["segment"] = "boats"
    parts.tables["hill-plan", "enterprises"][0]["line"] = "four"
    return parts.write(tmp_path / "broken")


BROKEN = [
    "layers/port/zones.geojson:east-port: category is 'garden'",
    "layers/port/enterprises.geojson:seastar: segment 'boats'",
    "seeds/hill-plan/enterprises.csv:2: line is 'four'",
]


def test_check_lists_every_fault_as_data(run: Run, broken: Path) -> None:
    ended = run("check", "--project", broken)
    assert ended.code == 1
    assert len(ended.out.splitlines()) == 3
    assert all(any(line.startswith(fault) for line in ended.out.splitlines()) for fault in BROKEN)
    assert ended.err == "error: 3 faults found\n"
    in_json = run("check", "--project", broken, "--format", "json")
    assert in_json.code == 1
    assert {(f["where"], f["row"]) for f in json.loads(in_json.out)} == {
        ("layers/port/zones.geojson", "east-port"),
        ("layers/port/enterprises.geojson", "seastar"),
        ("seeds/hill-plan/enterprises.csv", 2),
    }
    assert len(run("check", "--project", broken, "--format", "csv").rows()) == 3


@pytest.mark.parametrize(("city", "faults"), [("port", 2), ("hill", 1)])
def test_check_of_a_city_lists_the_faults_of_what_is_its_own(run: Run, broken: Path, city: str, faults: int) -> None:
    ended = run("check", "--project", broken, "--city", city)
    assert ended.code == 1
    assert len(ended.out.splitlines()) == faults


@pytest.mark.parametrize(
    "words", [words for words in COMMANDS if words not in (["check"], ["query", "at", "121", "31"])], ids=" ".join
)
def test_no_command_works_on_a_broken_project(run: Run, broken: Path, words: list[str]) -> None:
    ended = run(*words, "--project", broken)
    assert (ended.code, ended.out) == (1, "")
    assert all(fault in ended.err for fault in BROKEN)


def test_a_broken_project_leaves_earlier_output_untouched(run: Run, small: Path, broken: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    assert run("build", "--project", small, "--out", out).code == 0
    before = contents(out)
    assert run("build", "--project", broken, "--out", out).code == 1
    assert contents(out) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_project_is_found_from_inside_of_it(run: Run, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small / "layers" / "port")
    assert [row["id"] for row in run("list", "--format", "csv").rows()] == ["port", "hill"]


def test_outside_of_every_project_the_bundled_one_is_used(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [row["id"] for row in run("list", "--format", "csv").rows()] == ["jiading", "hangzhou", "huli"]


def test_version_and_help(run: Run) -> None:
    assert re.fullmatch(r"gis \d+\.\d+\.\d+\n", run("--version").out)
    for name in re.findall(r"^## `gis ?(.*)`$", reference(), re.MULTILINE):
        ended = run(*name.split(), "--help")
        assert ended.code == 0
        assert ended.out.startswith(f"Usage: gis {name}".rstrip())


@pytest.mark.parametrize("command", ["build", "check", "list", "coverage", "query at", "query in", "query near",
                                     "query nearest", "export", "facts"])  # fmt: skip
def test_every_command_of_the_main_job_takes_project_and_city(run: Run, command: str) -> None:
    text = run(*command.split(), "--help").out
    assert "--project" in text
    assert "--city" in text
    assert "--format" in text or command == "build"
    assert "Example: gis " + command in text


# --- What a listing says ----------------------------------------------------------------------------------------------


def test_a_listing_says_how_a_place_is_known_and_why_one_is_not(run: Run, small: Path) -> None:
    zones = {row["id"]: row for row in run("list", "zones", "--project", small, "--format", "csv").rows()}
    assert zones["east-port"]["systems"] == "two-ports"
    assert (zones["east-port"]["geometry_basis"], zones["east-port"]["accuracy_m"]) == ("digitised", "50")
    assert (zones["paper-park"]["placed"], zones["paper-park"]["unplaced_reason"]) == ("false", "only named")
    firms = {row["id"]: row for row in run("list", "enterprises", "--project", small, "--format", "csv").rows()}
    assert (firms["anchor"]["within"], firms["anchor"]["placed"]) == ("south-park", "false")


def test_facts_of_one_kind_show_its_own_columns(run: Run, small: Path) -> None:
    table = run("facts", "--plan", "port-plan", "--kind", "enterprises", "--project", small).out
    assert table.splitlines()[0].split() == [
        "name", "id", "line", "place", "segment", "standing", "org_kind", "section", "label",
    ]  # fmt: skip
    several = run("facts", "--project", small).out.splitlines()[0].split()
    assert several == ["kind", "name", "id", "plan", "line", "section", "label"]


def test_the_roles_at_a_point_name_their_system(run: Run, small: Path) -> None:
    assert "园 (two-ports)" in run("query", "at", "121.015", "31.005", "--project", small).out


# --- Hostile names, odd terminals -------------------------------------------------------------------------------------

HOSTILE = "红\x1b[2J\u202e港\n园"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    parts = SmallProject()
    parts.feature("port", "zones", "east-port")["properties"]["name"] = HOSTILE
    parts.layers["port", "enterprises"].append(
        feature("eve", point(121.016, 31.004), segment="parts", kind="enterprise", aliases=["=1+1"])
    )
    parts.feature("port", "enterprises", "eve")["properties"]["name"] = "=HYPERLINK(0)"
    return parts.write(tmp_path / "hostile")


def test_names_with_control_characters_are_shown_escaped(run: Run, hostile: Path) -> None:
    for words in (["list", "zones"], ["query", "at", "121.015", "31.005"], ["coverage", "--city", "port"]):
        out = run(*words, "--project", hostile).out
        assert r"红\x1b[2J\u202e港\n园" in out
        assert not re.search("[\x1b\u202e]", out)
    rows = json.loads(run("list", "zones", "--project", hostile, "--format", "json").out)
    assert HOSTILE in [row["name"] for row in rows]


def test_messages_escape_names_too(run: Run, hostile: Path) -> None:
    ended = run("query", "in", "--zone", "east-prot", "--project", hostile)
    assert r"east-port (红\x1b[2J" in ended.err
    assert "\x1b" not in run("query", "in", "--zone", "\x1b[2J", "--project", hostile).err


def test_csv_holds_no_formulas(run: Run, hostile: Path) -> None:
    rows = run("query", "in", "--zone", "east-port", "--project", hostile, "--format", "csv").rows()
    assert "'=HYPERLINK(0)" in [row["name"] for row in rows]


@pytest.mark.parametrize(
    "locale",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "gbk"},
    ],
    ids=["ascii", "C", "gbk"],
)
def test_piped_output_is_utf8_in_every_locale(small: Path, locale: dict[str, str]) -> None:
    ended = finish(start("list", "cities", "--project", small, env={**os.environ, **locale}))
    assert ended.code == 0, ended.err
    assert "港城" in ended.out


def terminal(columns: int, *words: object, **locale: str) -> tuple[int, str]:
    """Run `gis` at a pseudo-terminal: its exit code and all that is seen there."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), **locale}
    process = start(*words, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)

    def seen() -> Iterator[bytes]:
        try:
            while chunk := os.read(ours, 65536):
                yield chunk
        except OSError:  # Linux ends a terminal whose program is gone with an error.
            return

    text = b"".join(seen()).decode("utf-8").replace("\r\n", "\n")
    os.close(ours)
    return process.wait(60), text


@posix
def test_at_a_terminal_a_table_fits_and_says_where_the_rest_is(small: Path) -> None:
    code, text = terminal(50, "list", "zones", "--project", small)
    assert code == 0
    *table, said = text.splitlines()
    assert max(map(display_width, table)) <= 50
    assert len(table) == 2 + 6  # Four zones and the two districts that plans give a role.
    assert said.startswith("there is no room for geometry_basis, accuracy_m, systems, ")
    assert said.endswith("unplaced_reason: widen the terminal, or ask for --format csv or json")
    assert any(line.startswith("paper-park") for line in table)


@posix
def test_a_terminal_said_to_know_only_ascii_does_not_stop_it(small: Path) -> None:
    code, text = terminal(80, "list", "cities", "--project", small, PYTHONIOENCODING="ascii")
    assert code == 0
    assert "Port" in text


@posix
def test_binary_data_is_not_poured_into_a_terminal(small: Path) -> None:
    code, text = terminal(80, "export", "zones", "--format", "gpkg", "--project", small)
    assert code == 2
    assert "name a file, such as zones.gpkg" in " ".join(text.split())


# --- Pipes and interrupts ---------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("words", [["facts", "--format", "csv"], ["facts"], ["export", "zones"]], ids=" ".join)
def test_a_pipe_that_closes_early_ends_it_without_a_word(words: list[str]) -> None:
    process = start(*words, "--project", ROOT, bufsize=0)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(60) in {0, 1}
    assert err == ""
    process.stderr.close()


@posix
def test_a_full_disk_behind_stdout_is_a_message() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        ended = finish(start("list", stdout=full))
    assert ended.code == 1
    assert ended.err == "error: the disk is full (or the quota used up); nothing was changed\n"


@posix
def test_a_stderr_that_is_full_or_closed_does_not_hide_that_the_change_is_done(small: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        ended = finish(start("check", "--project", small, stderr=full))
        assert ended.code == 0
        assert finish(start("list", "nonsense", stderr=full)).code != 0
    assert finish(start("check", "--project", small, preexec_fn=lambda: os.close(2))).code == 0


@pytest.mark.parametrize(("kind", "told"), [(MemoryError, "内存不足："), (RecursionError, "nested too deep")])
def test_what_the_machine_lacks_is_a_message(
    kind: type[Exception], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking(*_: object, **__: object) -> None:
        raise kind

    monkeypatch.setattr("gis.model.project.load_project", lacking)
    monkeypatch.setattr(sys, "argv", ["gis", "list"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    said = capsys.readouterr().err
    assert end.value.code == 1
    assert told in said
    assert "Traceback" not in said


def test_what_compiled_code_has_to_say_of_its_files_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gis.engine import compiling

    monkeypatch.setattr(compiling, "_remarks", {"it cannot be kept": None})
    monkeypatch.setattr(sys, "argv", ["gis", "list", "cities"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "note: it cannot be kept" in capsys.readouterr().err


def test_a_terminal_gets_no_control_characters_and_a_file_gets_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gis.cli.show import emit, write_output

    text = "name\r\na\x1b[31mb\r\n"
    emit(text)
    assert capsys.readouterr().out == text
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    emit(text)
    write_output(text.encode(), None, force=False)
    assert capsys.readouterr().out == "name\na\\x1b[31mb\n" * 2


@posix
def test_a_closed_stdout_is_a_message() -> None:
    process = start("list", preexec_fn=lambda: os.close(1))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith("error: the standard output is closed")


@posix
def test_an_interrupted_build_exits_with_130_and_leaves_what_was_there(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    assert finish(start("build", "--project", small, "--out", out)).code == 0
    before = contents(out)
    process = start("build", "--project", ROOT, "--out", out)
    assert process.stderr is not None
    while "[1/3]" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    ended = finish(process)
    assert ended.code == 130
    assert ended.out == ""
    assert ended.err.endswith("中断，未作更改 (stopped; nothing was changed)\n")
    assert "Traceback" not in ended.err
    assert contents(out) == before


# --- A change that a killed command left ----------------------------------------------------------------------------


@pytest.fixture
def cut_short(small: Path, tmp_path: Path) -> Path:
    """A project in which a command was killed between its commit point and its moves."""
    root = tmp_path / "cut"
    shutil.copytree(small, root)
    stage = root / ".~gis-stage-0123456789abcdef"
    stage.mkdir()
    (stage / "0").write_bytes(b"a = 1")
    files = [{"path": "recipes/a.toml", "from": "0", "sha256": hashlib.sha256(b"a = 1").hexdigest(), "was": None}]
    (root / ".~gis-commit").write_text(json.dumps({"stage": stage.name, "files": files}), "utf-8")
    return root


@pytest.mark.parametrize(
    "words", [*ROWS, ["check"], ["imports"], ["export", "zones"], ["layers", "audit"]], ids=" ".join
)
def test_a_command_that_reads_says_what_finishes_a_change_and_writes_nothing(
    run: Run, cut_short: Path, words: list[str]
) -> None:
    before = contents(cut_short)
    ended = run(*words, "--project", cut_short)
    assert ended.code == 1
    assert ended.out == ""
    assert "gis layers recover" in ended.err
    assert contents(cut_short) == before


def test_recover_finishes_a_change_and_says_where_there_is_none(run: Run, cut_short: Path) -> None:
    assert run("layers", "recover", "--project", cut_short).err == "the unfinished change is finished\n"
    assert (cut_short / "recipes/a.toml").read_bytes() == b"a = 1"
    assert run("layers", "recover", "--project", cut_short).err == "no change is unfinished\n"
    assert run("check", "--project", cut_short).code == 0


def test_a_command_that_changes_a_layer_finishes_first_what_another_began(
    run: Run, cut_short: Path, tmp_path: Path
) -> None:
    file = tmp_path / "firms.csv"
    file.write_text("name,lon,lat\n乙公司,121.0151,31.0051\n", "utf-8")
    words = ["import", file, "--kind", "enterprises", "--city", "port", "--datum", "wgs84", "--project", cut_short]
    assert run(*words, "--dry-run").code == 1
    ended = run(*words)
    assert ended.code == 0, ended.err
    assert (cut_short / "recipes/a.toml").read_bytes() == b"a = 1"


# --- Completion -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "offered"),
    [("gis li", ["list"]), ("gis query ne", ["near", "nearest"]), ("gis list zo", ["zones"]),
     ("gis coverage --form", ["--format"])],
)  # fmt: skip
def test_the_shell_completes_commands_and_values(line: str, offered: list[str]) -> None:
    words = line.split(" ")
    asked = {"_GIS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    ended = finish(start(env={**os.environ, **asked}))
    assert ended.out.split() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_completion_is_printed(run: Run, shell: str) -> None:
    ended = run("--show-completion", shell)
    assert ended.code == 0
    assert "_GIS_COMPLETE" in ended.out
