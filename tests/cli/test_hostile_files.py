"""A data file is data: whatever its name, it makes no command read another file or ask a server."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.small_project import SmallProject

SECRET = "SECRET-OF-THE-USER"

# Each command that reads a file of geodata, in a fresh process, as the program starts: one line a command.
RUNNER = """
import contextlib, io, json, sys, traceback
from gis import cli
for words in json.loads(sys.argv[1]):
    out, err, sys.argv = io.StringIO(), io.StringIO(), ["gis", *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        except Exception:
            traceback.print_exc()
            code = 99
    print(json.dumps([words[0], code, out.getvalue() + err.getvalue()]))
"""


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A server that notes whoever connects, and its address."""
    callers: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def listen() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                callers.append(connection.recv(200).decode("latin-1"))
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", callers


def vrt(source: str, *, before: str = "") -> str:
    return (
        f'{before}<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{source}</SrcDataSource>'
        "<GeometryType>wkbPoint</GeometryType><LayerSRS>WGS84</LayerSRS>"
        '<GeometryField encoding="PointFromColumns" x="lon" y="lat"/></OGRVRTLayer></OGRVRTDataSource>'
    )


def hostile(kind: str, secret: Path, url: str) -> str:
    pipeline = f"gdal vector pipeline ! read {secret} ! write --format stream streamed"
    return {
        "vrt of a file": vrt(str(secret)),
        "vrt of the network": vrt(f"/vsicurl/{url}/secret.csv"),
        "vrt behind a comment": vrt(str(secret), before="<!-- " + " " * 500 + "-->\n"),
        "vrt behind kml": vrt(str(secret), before='<kml xmlns="http://www.opengis.net/kml/2.2"></kml>'),
        "vrt behind gml": vrt(str(secret), before='<x xmlns="http://www.opengis.net/gml"></x>'),
        "wfs": f"<OGRWFSDataSource><URL>{url}/wfs?</URL></OGRWFSDataSource>",
        "oapif": f"<OGROAPIFDataSource><URL>{url}/</URL></OGROAPIFDataSource>",
        "pipeline": json.dumps({"type": "gdal_streamed_alg", "command_line": pipeline}),
        "gml of another schema": (
            f'<?xml version="1.0"?><FeatureCollection xmlns:gml="http://www.opengis.net/gml" '
            f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a {url}/a.xsd">'
            f'<gml:featureMember xmlns:xlink="x" xlink:href="{url}/b.gml"/></FeatureCollection>'
        ),
        "kml that links": (
            f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link><href>{url}/a.kml</href></Link>'
            f'</NetworkLink><Style><IconStyle><Icon><href>{url}/a.png</href></Icon></IconStyle></Style></Document></kml>'
        ),
    }[kind]  # fmt: skip


KINDS = [
    *("vrt of a file", "vrt of the network", "vrt behind a comment", "vrt behind kml", "vrt behind gml"),
    *("wfs", "oapif", "pipeline", "gml of another schema", "kml that links"),
]


def run_all(file: Path, root: Path, tmp_path: Path) -> list[tuple[str, int, str]]:
    """Give a file to every command that reads geodata; how each ended and what it said and wrote."""
    zones = root / "layers" / "port" / "zones.geojson"
    firms = tmp_path / "firms.csv"
    firms.write_text("企业名称,经度,纬度\n甲,121.015,31.005\n", "utf-8")
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    project = ["--project", str(root)]
    wgs84 = ["--datum", "wgs84", "--zones-datum", "wgs84"]
    commands = [
        ["import", str(file), "--kind", "enterprises", "--city", "port", "--datum", "wgs84", "--dry-run", *project],
        ["layers", "replace", "east-port", str(file), "--source", "x", "--accuracy", "5", "--datum", "wgs84",
         "--dry-run", *project],
        ["datum", "convert", str(file), str(out / "converted.geojson"), "--from", "wgs84"],
        ["datum", "detect", str(file), *project],
        ["map", str(file), str(zones), *wgs84, "-o", str(out / "1.html")],
        ["map", str(firms), str(file), *wgs84, "-o", str(out / "2.html")],
        ["count", str(file), str(zones), *wgs84],
        ["count", str(firms), str(file), *wgs84],
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, json.dumps(commands)],
        env={**os.environ, "GDAL_HTTP_TIMEOUT": "2"},
        capture_output=True,
        timeout=120,
        check=True,
        encoding="utf-8",
    )
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(ended) == len(commands)
    for path in out.iterdir():
        assert SECRET not in path.read_text("utf-8", "replace"), path
    assert SECRET not in done.stdout + done.stderr
    return [(str(words), int(code), str(said)) for words, code, said in ended]


@pytest.mark.parametrize(
    ("kind", "suffix"), [*((kind, ".geojson") for kind in KINDS), (KINDS[3], ".kml"), (KINDS[1], ".gpkg")]
)
def test_a_file_that_leads_on_to_others_is_refused_by_every_command(
    tmp_path: Path, kind: str, suffix: str, server: tuple[str, list[str]]
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(f"name,lon,lat\n{SECRET},121.015,31.005\n", "utf-8")
    url, callers = server
    file = tmp_path / f"given{suffix}"
    file.write_text(hostile(kind, secret, url), "utf-8")
    for command, code, said in run_all(file, SmallProject().write(tmp_path / "project"), tmp_path):
        assert code != 0, (command, said)
        assert "Traceback" not in said
    assert callers == []


@pytest.mark.parametrize("made", ["view", "virtual table"])
def test_a_geopackage_with_programs_in_it_is_refused(tmp_path: Path, made: str) -> None:
    file = tmp_path / "given.gpkg"
    loop = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i AS fid, NULL AS geom FROM n"
    with sqlite3.connect(file) as base:
        base.execute("PRAGMA application_id = 1196444487")
        base.execute("CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT, identifier TEXT, srs_id INTEGER)")
        if made == "view":
            base.execute(f"CREATE VIEW endless AS {loop}")
        else:
            base.execute("CREATE VIRTUAL TABLE endless USING fts4(a)")
        base.execute("INSERT INTO gpkg_contents VALUES ('endless', 'features', 'endless', 4326)")
    base.close()
    for command, code, said in run_all(file, SmallProject().write(tmp_path / "project"), tmp_path):
        assert code != 0, (command, said)
        assert "endless" in said or "damaged" in said, (command, said)
