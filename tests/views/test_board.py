"""The two pictures of a chain: by stage, with what is there, and nothing over anything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

import pytest

from gis.measures.chain import chain
from gis.measures.links import CityChain
from gis.model.project import Project, load_project
from gis.views.board import Picture, board, has_board
from gis.views.site import build_site
from tests import ROOT
from tests.fixtures.parks import CITY, Park, six_links

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, CityChain]:
    project = six_links(tmp_path_factory.mktemp("board") / "park").load()
    return project, chain(project, CITY)


def words_of(svg: bytes) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def cards_of(svg: bytes) -> Iterator[tuple[tuple[float, float, float, float], list[ET.Element], str]]:
    """The box, the texts and the title of each card."""
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        rect = next(group.iter(f"{SVG}rect"))
        x, y, wide, high = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        title = next(group.iter(f"{SVG}title")).text or ""
        yield (x, y, x + wide, y + high), list(group.iter(f"{SVG}text")), title


def test_the_board_says_the_state_of_each_link_and_its_firms_by_name(six: tuple[Project, CityChain]) -> None:
    project, result = six
    svg = board(project, result, Picture.STATE, scope="zone", place="park")
    told = {title.split(":")[0]: [text.text for text in texts] for _, texts, title in cards_of(svg)}
    assert "× 缺" in told["材料"]
    assert "◆ 独家" in told["电控"]
    assert "▼ 弱" in told["后市场"]
    assert "？ 未知" in told["芯片"]
    assert "▲ 强" in told["整车"]
    assert "名in-5" in told["电控"]
    assert "名on-edge（可能）" in told["芯片"]
    assert "名录未列企业" in told["材料"]


def test_the_panorama_says_what_plans_want_and_who_supplies_whom(six: tuple[Project, CityChain]) -> None:
    project, result = six
    svg = board(project, result, Picture.PANORAMA, scope="zone", place="park")
    cards = {title.split(" | ")[0]: [text.text for text in texts] for _, texts, title in cards_of(svg)}
    number = {name: texts[0] for name, texts in cards.items()}
    assert "1处要求" in cards["材料"]
    assert f"供给 → {number['电芯']}" in cards["材料"]
    assert f"供给 → {number['整车']}" in cards["电控"]
    stages = ["上游", "中游", "下游", "后市场"]
    assert list(dict.fromkeys(word for word in words_of(svg) if word in stages)) == stages


def test_a_board_of_one_chain_holds_its_links_alone(tmp_path: Path) -> None:
    park = six_links(tmp_path / "park").chain("trade").link("sale", "trade", "后市场", "aftermarket")
    project = park.load()
    svg = board(project, chain(project, CITY), Picture.STATE, only="trade")
    assert [title.split(":")[0] for *_, title in cards_of(svg)] == ["后市场"]
    assert words_of(svg)[0] == "试验镇 · 名trade产业链现状图"
    assert "名sale" in words_of(svg)


def test_the_legend_holds_every_state(six: tuple[Project, CityChain]) -> None:
    words = words_of(board(*six, Picture.STATE))
    assert {"强", "有", "弱", "独家", "缺", "未知"} <= set(words)


def test_a_card_says_the_clauses_behind_it(six: tuple[Project, CityChain]) -> None:
    project, result = six
    svg = board(project, result, Picture.STATE, scope="zone", place="park")
    title = next(title for *_, title in cards_of(svg) if title.startswith("材料"))
    clause = next(row for row in result.of("zone", "park") if row.segment == "materials").wants[0]
    assert f"材料 — plan-a:{clause.line}" in title


@pytest.mark.parametrize("picture", Picture)
def test_the_same_result_gives_the_same_bytes(six: tuple[Project, CityChain], picture: Picture) -> None:
    assert board(*six, picture) == board(*six, picture)


@pytest.mark.parametrize("name", ["</text><script>alert(1)</script>", "a&b", "\x1b[31m", "]]>", "\u202eevil"])
def test_hostile_names_stay_text(tmp_path: Path, name: str) -> None:
    park = six_links(tmp_path / "park")
    park.features["enterprises"][0]["properties"]["name"] = name
    project = park.load()
    svg = board(project, chain(project, CITY), Picture.STATE)
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()}
    assert tags == {"svg", "defs", "pattern", "rect", "path", "g", "title", "circle", "text"}


def test_a_city_without_chains_has_no_board(tmp_path: Path) -> None:
    project = Park(tmp_path / "park").firm("one", (0, 0)).load()
    assert not has_board(chain(project, CITY))


def test_a_build_draws_both_pictures_the_same_each_time(tmp_path: Path) -> None:
    project = six_links(tmp_path / "park").load()
    once, again = build_site(project).files, build_site(project).files
    names = {str(path) for path in once if path.parts[1:2] == ("figures",)}
    assert names == {f"town/figures/chain-{p}.{ending}" for p in Picture for ending in ("svg", "png")}
    for name in names:
        assert once[PurePosixPath(name)] == again[PurePosixPath(name)]


@pytest.mark.parametrize("city", ["jiading", "hangzhou", "huli"])
def test_on_the_bundled_boards_no_card_lies_on_another_and_every_firm_is_named_once(city: str) -> None:
    project = load_project(ROOT, cities=[city])
    result = chain(project, city)
    for lang in ("zh", "en"):
        for picture in Picture:
            svg = board(project, result, picture, lang=lang)
            boxes = [box for box, *_ in cards_of(svg)]
            root = ET.fromstring(svg)
            for position, (west, top, east, bottom) in enumerate(boxes):
                assert 0 <= west < east <= float(root.attrib["width"])
                assert 0 <= top < bottom <= float(root.attrib["height"])
                for left, up, right, down in boxes[:position]:
                    assert east <= left or right <= west or bottom <= up or down <= top
    told = " ".join(words_of(board(project, result, Picture.STATE))).replace(" ", "")
    for row in result.of("city", city):
        for firm in row.firms if row.wanted or row.here else ():
            assert told.count(firm.name.replace(" ", "")) >= 1, firm.name
