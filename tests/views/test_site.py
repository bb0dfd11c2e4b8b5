"""A build makes the files that it promises, the same bytes each time, all or none, whatever the names are."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest

from gis import cli
from gis.base.errors import UsageError
from gis.model.project import load_project
from gis.views.site import build_site
from tests import ROOT
from tests.fixtures.small_project import SmallProject, box, feature, point

HOSTILE = [
    "{{7*7}}",
    "{% raw %}",
    "{% include '/etc/hostname' %}",
    "</script><img src=x onerror=1>",
    "<!--<script>",
    "`${1+1}`",
    "quote\" and ' and \\",
    "line\u2028separator",
    "tab\tand\nbreak",
    "\u202eevil",
    "=1+1",
    "]]>",
    "𠮷野家😀",
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SmallProject().write(tmp_path_factory.mktemp("small"))


def gis(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["gis", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code if isinstance(ended.value.code, int) else 0


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def promised(cities: list[str]) -> set[str]:
    """The files that maps/README.md says a build makes."""
    names: set[str] = set()
    for row in re.findall(r"^\| (`.*?`) \|", (ROOT / "maps" / "README.md").read_text("utf-8"), re.MULTILINE):
        first, *others = re.findall(r"`(.+?)`", row)
        folder = PurePosixPath(first).parent
        names |= {first, *(str(folder / other) if "/" not in other else other for other in others)}
    return {name.replace("<city>", city) for name in names for city in cities}


def test_a_build_makes_the_files_that_the_readme_of_maps_promises(small: Path) -> None:
    site = build_site(load_project(small))
    assert {str(path) for path in site.files} == promised(["port", "hill"])
    assert [str(path) for path in site.pages] == ["index.html", "port/index.html", "hill/index.html"]
    assert [row["city"] for row in site.summary] == ["port", "hill"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_same_project_gives_the_same_bytes(small: Path, lang: str) -> None:
    once, again = (build_site(load_project(small), lang=lang).files for _ in range(2))
    assert list(once) == list(again)
    assert [str(path) for path in once if once[path] != again[path]] == []


def test_another_process_on_another_clock_gives_the_same_bytes(small: Path, tmp_path: Path) -> None:
    made = []
    for seed, zone in (("1", "Asia/Shanghai"), ("2", "America/New_York")):
        out = tmp_path / f"maps-{seed}"
        subprocess.run(
            [sys.executable, "-m", "gis", "build", "--project", small, "--out", out],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        made.append(contents(out))
    assert made[0] == made[1]


def test_one_city_builds_as_it_does_among_others(small: Path) -> None:
    both = build_site(load_project(small)).files
    one = build_site(load_project(small, cities=["hill"])).files
    assert {str(path) for path in one} == promised(["hill"])
    layers = [PurePosixPath("hill") / f"{kind}.geojson" for kind in ("zones", "enterprises", "roads", "facilities")]
    assert all(one[path] == both[path] for path in layers)


def test_the_ground_changes_the_page_and_not_one_number(tmp_path: Path) -> None:
    small = SmallProject()
    without = build_site(load_project(small.write(tmp_path / "without"))).files
    small.layers["port", "ground"] = [feature("lake", box(121.0, 31.0, 121.09, 31.09), **{"class": "water"})]
    with_ = build_site(load_project(small.write(tmp_path / "with"))).files
    assert with_.keys() == without.keys()
    changed = {str(path) for path, data in with_.items() if data != without[path]}
    # Workbooks are told apart by their own tests; the numbers of all tables stand in the coverage and the layers.
    assert changed == {"port/index.html", "index.html"}, "the map of the city, and the small map of the overview"


def test_what_is_written_is_what_was_made_and_a_second_build_changes_nothing(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "图 maps"
    assert gis(monkeypatch, "build", "--project", small, "--out", out) == 0
    first = contents(out)
    made = {str(path): data for path, data in build_site(load_project(small)).files.items()}
    listed = {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}
    assert json.loads(first[".gis-build.json"]) == {"made": listed}
    assert {name: data for name, data in first.items() if name != ".gis-build.json"} == made
    assert gis(monkeypatch, "build", "--project", small, "--out", out) == 0
    assert contents(out) == first


def test_coverage_of_a_build_is_that_of_the_prompt(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = build_site(load_project(small)).files
    for city in ("port", "hill"):
        for format_ in ("json", "csv"):
            gis(monkeypatch, "coverage", "--city", city, "--format", format_, "--project", small)
            assert files[PurePosixPath(f"{city}/coverage.{format_}")].decode("utf-8-sig") == capsys.readouterr().out


def test_the_exported_layer_is_that_of_the_prompt(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = build_site(load_project(small)).files
    for kind in ("zones", "enterprises", "roads", "facilities"):
        gis(monkeypatch, "export", kind, "--city", "port", "--project", small)
        assert files[PurePosixPath(f"port/{kind}.geojson")].decode() == capsys.readouterr().out


def test_a_city_without_roads_or_facilities_still_has_every_file(small: Path) -> None:
    files = build_site(load_project(small)).files
    assert json.loads(files[PurePosixPath("hill/roads.geojson")]) == {
        "type": "FeatureCollection",
        "datum": "wgs84",
        "features": [],
    }


def test_a_build_that_fails_leaves_earlier_output_untouched(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "maps"
    assert gis(monkeypatch, "build", "--project", small, "--out", out) == 0
    before = contents(out)
    assert gis(monkeypatch, "build", "--project", small, "--out", out, "--basemap", "atlantis") == 1
    (out / "port" / "zones.geojson").unlink()
    (out / "port" / "zones.geojson").mkdir()  # The last check before the commit point fails.
    assert gis(monkeypatch, "build", "--project", small, "--out", out, "--lang", "en") == 1
    (out / "port" / "zones.geojson").rmdir()
    assert contents(out) == {name: data for name, data in before.items() if name != "port/zones.geojson"}


def test_a_basemap_that_is_not_known_is_refused(small: Path) -> None:
    with pytest.raises(UsageError, match="atlantis"):
        build_site(load_project(small), basemap="atlantis")


def test_progress_names_each_city(small: Path) -> None:
    said: list[str] = []
    build_site(load_project(small), progress=said.append)
    assert [line.split(":")[0] for line in said] == ["[1/2] 港城"] * 2 + ["[2/2] 山城"] * 2


# --- Hostile names ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Mapping[PurePosixPath, bytes]:
    """A build in which every sort of thing has every hostile name."""
    parts = SmallProject()
    for number, name in enumerate(HOSTILE):
        for kind, own in (
            ("enterprises", {"segment": "parts", "kind": "enterprise"}),
            ("facilities", {"type": "other"}),
        ):
            made = feature(f"{kind}-{number}", point(121.011 + number * 1e-4, 31.002), **own)
            made["properties"] |= {"name": name, "aliases": [name], "geometry_source": name, "note": name}
            parts.layers["port", kind].append(made)
    everything = " ".join(HOSTILE)
    for features in parts.layers.values():
        for each in features[:1]:
            each["properties"] |= {"name": everything, "geometry_source": everything}
    for rows in parts.tables.values():
        rows[0] |= {"name": everything, "section": everything, "label": everything}
    parts.tables["port-plan", "zones"][0] |= {"role": HOSTILE[0], "functions": HOSTILE[3]}
    parts.config = parts.config.replace('label = "零部件"', f"label = {json.dumps(HOSTILE[3])}")
    return build_site(load_project(parts.write(tmp_path_factory.mktemp("hostile")))).files


def test_hostile_names_do_not_break_a_build(hostile: Mapping[PurePosixPath, bytes]) -> None:
    assert {str(path) for path in hostile} == promised(["port", "hill"])


def test_no_page_holds_a_name_as_markup(hostile: Mapping[PurePosixPath, bytes]) -> None:
    for path, data in hostile.items():
        if path.suffix == ".html":
            page = data.decode("utf-8")
            assert "<img src=x" not in page
            assert "\u202e" not in page.split("<body")[0]
            assert page.count("<script") == page.count("</script>")


def test_no_template_engine_has_read_a_name(hostile: Mapping[PurePosixPath, bytes]) -> None:
    overview = hostile[PurePosixPath("index.html")].decode("utf-8")
    assert "{{7*7}}" in overview
    assert "{% raw %}" in overview


def test_the_layers_hold_each_name_as_it_is(hostile: Mapping[PurePosixPath, bytes]) -> None:
    for kind in ("enterprises", "facilities"):
        found = json.loads(hostile[PurePosixPath(f"port/{kind}.geojson")])["features"]
        names = {each["properties"]["id"]: each["properties"]["name"] for each in found}
        assert [names[f"{kind}-{number}"] for number in range(len(HOSTILE))] == HOSTILE


def test_the_tables_hold_each_name_in_one_cell(hostile: Mapping[PurePosixPath, bytes]) -> None:
    rows = list(
        csv.DictReader(io.StringIO(hostile[PurePosixPath("port/coverage.csv")].decode("utf-8-sig"), newline=""))
    )
    assert all(None not in row for row in rows)
    assert " ".join(HOSTILE) in {row["name"] for row in rows}
    assert all(
        not cell.startswith(("=", "+", "-", "@")) or re.fullmatch(r"-[\d.]+", cell)
        for row in rows
        for cell in row.values()
    )


@pytest.mark.parametrize("city", ["hangzhou", "huli", "jiading"])
def test_zones_are_the_same_number_wherever_they_are_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], city: str
) -> None:
    project = load_project(ROOT, cities=[city])
    in_role = set(project.layer(city, "districts").ids) & {member.id for member in project.facts.memberships}
    wanted = len(project.layer(city, "zones")) + len(in_role)
    site = build_site(project)
    folder = PurePosixPath(city)
    rows = json.loads(site.files[folder / "coverage.json"])["zones"]
    packed = re.findall(r'id="block-data">([^<]+)<', site.files[folder / "index.html"].decode())[0]
    page = json.loads(zlib.decompress(base64.b64decode(packed)))["data"]
    overview = site.files[PurePosixPath("index.html")].decode()
    counts = {
        "gis build": site.summary[0]["zones"],
        "coverage": len({row["id"] for row in rows}),
        "zones.geojson": len(json.loads(site.files[folder / "zones.geojson"])["features"]),
        "page": len(page["places"]) + sum("figures" in district for district in page["districts"]),
        "overview": int(re.findall(r"<dt>功能区<small>.*?</dt><dd>(\d+)</dd>", overview)[0]),
    }
    for what in ("cities", "zones"):
        assert gis(monkeypatch, "list", what, "--city", city, "--format", "json") == 0
        found = json.loads(capsys.readouterr().out)
        counts[f"gis list {what}"] = found[0]["zones"] if what == "cities" else len(found)
    assert counts == dict.fromkeys(counts, wanted)
