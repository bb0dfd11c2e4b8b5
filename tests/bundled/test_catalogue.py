"""The catalogue of the five plans keeps its own claims: tables, ids, members, mentions, figures, and the documents."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from gis.base.errors import Fault
from gis.model.facts import FACT_TYPES, ChainLink, FacilityFact, Facts, Indicator, RoadFact, read_facts, verify
from gis.model.project import load_project
from tests import ROOT

SEEDS = ROOT / "seeds"
TEXTS = ROOT.parent / "shared" / "seeds"
RUN = 28  # so many characters in a row, spaces not counted, are a copied sentence and no longer a name

needs_documents = pytest.mark.skipif(
    not TEXTS.is_dir(), reason="the documents' texts are not part of the repository; put them into ../shared/seeds"
)

AUTO_CITY, CLUSTER, MANUFACTURING = "jiading-auto-city-145", "jiading-icv-cluster-2030", "jiading-manufacturing-145"
HANGZHOU, HULI = "hangzhou-nev-145", "huli-icv-2025"
PLANS = (AUTO_CITY, CLUSTER, MANUFACTURING, HANGZHOU, HULI)

CITED = "id name line section label "
COLUMNS = {
    "systems": CITED + "label_en members horizon valid_from valid_to note",
    "zones": CITED + "system role functions area_km2 parent status note",
    "enterprises": CITED + "place segment standing kind activity note",
    "roads": CITED + "type place length_km length_km_high count unit status year note",
    "facilities": CITED + "type place count unit status year note",
    "indicators": CITED + "label_en scope kind value value_high unit year year_from comparator change baseline measure "
    "layer note",
    "relations": CITED + "subject relation object object_name note",
    "chain": CITED + "label_en chain stage segment supplies basis note",
    "functions": "function reach segments note",
    "elsewhere": "id name aliases name_en segment kind seat note",
    "conflicts": "id topic kind plan_a line_a section_a name_a plan_b line_b section_b name_b explanation treatment",
}
TABLES = sorted(SEEDS.rglob("*.csv"))
# The columns that hold ids; subject and object of a relation may be empty, and then object_name says it in words.
ID_COLUMNS = {"id", "system", "parent", "place", "scope", "baseline", "subject", "object", "plan_a", "plan_b"}
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# Every structure that the plans name, and the places that they list for it.
MEMBERS: dict[tuple[str, str], set[str]] = {
    (CLUSTER, "core-five-blocks"): {
        "anting-automobile-manufacturing-base",
        "auto-city-manufacturing-area",
        "auto-city-parts-park",
        "new-energy-base",
        "waigang-industrial-park",
        "jiading-industrial-zone-north",
    },
    (CLUSTER, "three-ports-two-parks"): {
        "auto-innovation-port",
        "new-energy-port",
        "hydrogen-port",
        "auto-software-park",
        "auto-chip-valley",
    },
    (MANUFACTURING, "one-core-two-poles-many"): {
        "jiading-new-town",
        "hydrogen-port",
        "new-energy-port",
        "auto-innovation-port",
        "auto-software-park",
        "shanghai-auto-city",
        "anting-town",
        "waigang-town",
        "huantongji-innovation-city",
        "national-icv-pilot-zone-shanghai",
        "jiading-industrial-zone",
        "auto-intelligent-manufacturing-park",
        "industrial-internet-demo-base",
        "nanxiang-precision-medicine-park",
        "international-cell-tech-port",
        "cetc-digital-economy-port",
        "shengchuang-tech-park",
        "lingang-jiading-science-city",
    },
    (MANUFACTURING, "three-plus-sixteen"): {"hydrogen-port", "new-energy-port", "smart-sensor-park"},
    (MANUFACTURING, "bearer-parks"): {"auto-innovation-port", "huantongji-innovation-city"},
    (MANUFACTURING, "four-adjustment-areas"): {
        "jiabei-country-park",
        "malu-urban-industrial-park",
        "jiangqiao-west-suburb-smart-park",
        "anting-huantongji-area",
    },
    (MANUFACTURING, "health-function-areas"): {
        "jiading-industrial-zone",
        "anting-town",
        "nanxiang-town",
        "jiading-new-town",
        "jiangqiao-town",
    },
    (AUTO_CITY, "software-park-layout"): {
        "software-innovation-core",
        "software-linkage-axis",
        "software-hq-rd-area",
        "software-business-service-area",
        "software-incubation-area",
        "software-living-service-area",
        "software-learning-research-area",
    },
    (HANGZHOU, "one-pole-two-wings-2020"): {
        "qiantang-new-area-2020",
        "xiaoshan-district",
        "yuhang-district-2020",
        "yuhang-economic-development-zone",
        "qianjiang-economic-development-zone",
        "future-sci-tech-city",
    },
    (HANGZHOU, "four-in-one-test-areas"): {
        "wanxiang-innovation-city",
        "information-port-town",
        "future-transport-town",
        "xianghu-resort",
        "xiaoshan-international-airport",
        "xiaoshan-district",
        "yuhang-district",
        "qiantang-district",
        "asian-games-villages-blocks",
        "main-gymnasium-test-area",
        "natatorium-test-area",
        "training-hall-test-area",
        "asian-games-venue-surroundings",
    },
    (HULI, "three-function-areas"): {
        "auto-electronics-hq-area",
        "info-optoelectronics-park",
        "aviation-industrial-park",
        "icv-incubation-area",
        "huli-old-industrial-area",
        "king-long-global-rd-hq",
        "tiandi-smart-transport-park",
        "icv-scenario-demo-area",
        "gaoqi-airport-block",
    },
    (HULI, "reserved-industrial-parcels"): {
        "golden-egret-parcel",
        "xiashun-foil-parcel",
        "minxing-parcel",
        "xinhua-plastics-parcel",
    },
    (HULI, "neighbour-districts"): {
        "siming-district",
        "jimei-district",
        "haicang-district",
        "tongan-district",
        "xiangan-district",
    },
    (HULI, "fujian-three-bases"): {
        "fujian-base-funing-yanpu",
        "fujian-base-xiamen-zhangzhou",
        "fujian-base-yanming",
        "fujian-cluster-northeast",
        "fujian-cluster-southwest",
        "fujian-battery-centre",
    },
    (HULI, "flying-land-parks"): {
        "fujian-ningde-saic-park",
        "fujian-longhai-king-long-park",
        "fujian-minhou-qingkou-park",
        "fujian-sanming-puling-park",
    },
}
NAMED_ONLY = {
    (AUTO_CITY, "one-core-four-areas"),
    (AUTO_CITY, "one-core-two-axes-three-areas"),
    (AUTO_CITY, "shanghai-26-feature-parks"),
    (AUTO_CITY, "three-innovation-clusters"),
    (MANUFACTURING, "sensor-park-one-core-two-areas"),
    (MANUFACTURING, "ic-one-body-two-wings"),
    (MANUFACTURING, "shanghai-26-feature-parks"),
    (MANUFACTURING, "three-five-x"),
    (MANUFACTURING, "one-town-one-famous-park"),
    (HULI, "sensor-industry-groups"),
}


@cache
def catalogue() -> Facts:
    """The facts of the bundled project; reading them must find no fault."""
    faults: list[Fault] = []
    facts = read_facts(ROOT, faults)
    assert [str(fault) for fault in faults] == []
    return facts


@cache
def layer_ids(kind: str) -> frozenset[str]:
    """The ids of one kind of layer in all cities."""
    return frozenset(
        feature["properties"]["id"]
        for path in sorted((ROOT / "layers").glob(f"*/{kind}.geojson"))
        for feature in json.loads(path.read_text("utf-8"))["features"]
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def members_of(plan: str, system: str) -> set[str]:
    return {m.id for m in catalogue().memberships if (m.plan, m.system) == (plan, system)}


def table_name(path: Path) -> str:
    return path.relative_to(SEEDS).as_posix()


# --- the tables themselves


def test_the_five_plans_are_there_and_each_has_a_table_of_every_kind() -> None:
    assert set(catalogue().plans) == set(PLANS)
    wanted = {f"{plan}/{kind}.csv" for plan in PLANS for kind in FACT_TYPES}
    wanted |= {"conflicts.csv", "elsewhere.csv", "functions.csv"}
    assert {table_name(path) for path in TABLES} == wanted


@pytest.mark.parametrize("path", TABLES, ids=table_name)
def test_every_table_opens_in_pandas_with_its_header_and_no_trace_of_the_bom(path: Path) -> None:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert list(frame.columns) == COLUMNS[path.stem].split()
    assert len(frame) > 0
    assert not frame.apply(lambda column: column.str.contains("\ufeff")).to_numpy().any()


@pytest.mark.parametrize("path", TABLES, ids=table_name)
def test_every_table_is_as_excel_on_windows_reads_it(path: Path) -> None:
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf"), "without BOM Excel takes it for GBK"
    assert data.count(b"\xef\xbb\xbf") == 1
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r"), "line ends other than CRLF"


@pytest.mark.parametrize("path", TABLES, ids=table_name)
def test_no_cell_becomes_a_formula_or_a_date_in_excel(path: Path) -> None:
    formula = re.compile(r"=.|[+@\t]|-(?!\d)")
    dateish = re.compile(r"\d{1,2}[-/:]\d{1,2}([-/:]\d+)?")
    cells = [cell for row in rows_of(path) for cell in row.values()]
    assert [cell for cell in cells if formula.match(cell) or dateish.fullmatch(cell)] == []


@pytest.mark.parametrize("path", TABLES, ids=table_name)
def test_every_id_is_a_kebab_case_slug(path: Path) -> None:
    ids = {row[column] for row in rows_of(path) for column in ID_COLUMNS & row.keys()} - {""}
    assert sorted(id_ for id_ in ids if not SLUG.fullmatch(id_)) == []


@pytest.mark.parametrize("kind", ["systems", "indicators", "relations"])
def test_ids_are_unique_within_a_plan_where_they_name_the_row(kind: str) -> None:
    counts = Counter((row.plan, row.id) for row in catalogue().rows[kind])
    assert [key for key, number in counts.items() if number > 1] == []


@pytest.mark.parametrize("kind", sorted(FACT_TYPES))
def test_no_row_is_there_twice(kind: str) -> None:
    counts = Counter(
        (row.plan, row.line, row.id, row.name, *(getattr(row, key, None) for key in ("system", "role", "supplies")))
        for row in catalogue().rows[kind]
    )
    assert [key for key, number in counts.items() if number > 1] == []


# --- structures


@pytest.mark.parametrize(("plan", "system"), sorted(MEMBERS))
def test_a_structure_has_the_members_that_its_plan_lists(plan: str, system: str) -> None:
    assert members_of(plan, system) == MEMBERS[plan, system]


def test_the_layout_of_hangzhou_to_2025_has_its_pole_wings_points_and_carriers() -> None:
    roles: dict[str, set[str]] = defaultdict(set)
    for member in catalogue().memberships:
        if (member.plan, member.system) == (HANGZHOU, "one-pole-two-wings-many-points"):
            roles[member.role].add(member.id)
    assert roles["极"] == {"qiantang-district"}
    assert roles["翼"] == {"xiaoshan-district", "linping-district"}
    assert roles["点"] == {"yuhang-district", "binjiang-district", "fuyang-district", "tonglu-county", "jiande-city"}
    assert {
        "qianjin-intelligent-manufacturing-park",
        "wanxiang-innovation-city",
        "information-port-town",
        "qiantang-emerging-industry-belt",
        "future-transport-town",
        "fengqing-innovation-corridor",
        "shushan-parts-cluster",
        "yuhang-economic-development-zone",
        "future-sci-tech-city",
        "qianjiang-economic-development-zone",
        "smart-transport-park-qiantang",
    } <= set().union(*roles.values())


def test_eight_parks_are_the_many_tracts() -> None:
    tracts = {m.id for m in catalogue().memberships if m.system == "one-core-two-poles-many" and m.role == "片"}
    assert len(tracts) == 8


def test_a_structure_named_without_members_has_none_and_every_other_has_some() -> None:
    counts = {(s.plan, s.id): len(members_of(s.plan, s.id)) for s in catalogue().systems}
    named_only = {(s.plan, s.id) for s in catalogue().systems if s.members == "named-only"}
    assert named_only == NAMED_ONLY
    assert {key for key, number in counts.items() if number == 0} == named_only


def test_every_membership_of_a_structure_finds_it_in_its_plan() -> None:
    known = {(s.plan, s.id) for s in catalogue().systems}
    assert [m.row for m in catalogue().memberships if m.system and (m.plan, m.system) not in known] == []


def test_the_layouts_before_and_after_the_new_districts_of_hangzhou_do_not_overlap() -> None:
    systems = {s.id: s for s in catalogue().systems if s.plan == HANGZHOU}
    assert systems["one-pole-two-wings-2020"].valid_to == "2021-04-09"
    assert systems["one-pole-two-wings-many-points"].valid_from == "2021-04-09"


def test_the_software_park_takes_its_land_from_four_places() -> None:
    land = {
        r.object
        for r in catalogue().relations
        if (r.plan, r.subject, r.relation) == (AUTO_CITY, "auto-software-park", "renewal_land")
    }
    assert land == {"auto-innovation-port", "tongji-science-park", "trade-pedestrian-street", "west-shanghai"}


def test_table_2_1_says_for_each_neighbour_how_it_stands_to_huli() -> None:
    stands = {
        r.subject: r.relation
        for r in catalogue().relations
        if r.plan == HULI and r.object == "huli-district" and 541 <= r.line <= 564
    }
    assert stands == {
        "siming-district": "competes",
        "jimei-district": "competes",
        "haicang-district": "cooperates",
        "tongan-district": "cooperates",
        "xiangan-district": "cooperates",
    }


def test_the_base_at_waigang_and_its_port_are_two_places_and_each_name_stands_for_one() -> None:
    names: dict[str, set[str]] = defaultdict(set)
    for member in catalogue().memberships:
        if member.id in {"new-energy-base", "new-energy-port"}:
            names[member.id].add(member.name)
    assert names["new-energy-base"] & names["new-energy-port"] == set()
    assert {name for name in names["new-energy-base"] if "港" in name} == set()
    assert {name for name in names["new-energy-port"] if "基地" in name} == set()


def up() -> dict[str, set[str]]:
    """The places that documents say each place is a part of, by `parent` and by relations `part_of`."""
    places = {member.id for member in catalogue().memberships}
    found: dict[str, set[str]] = defaultdict(set)
    for member in catalogue().memberships:
        found[member.id] |= {member.parent} - {""}
    for row in catalogue().relations:
        if row.relation == "part_of" and row.subject in places:
            found[row.subject] |= {row.object} - {""}
    return found


def above(place: str) -> set[str]:
    """A place and all that it is a part of, however far up."""
    found, ahead = {place}, {place}
    while ahead:
        ahead = set().union(*(up()[one] for one in ahead)) - found
        found |= ahead
    return found


def test_no_place_is_a_part_of_itself() -> None:
    parents = up()
    assert [place for place in list(parents) if any(place in above(one) for one in parents[place])] == []


def test_what_documents_put_into_the_parts_adds_up_to_the_whole() -> None:
    firms: dict[str, set[str]] = defaultdict(set)
    for mention in catalogue().mentions:
        if mention.standing == "located" and mention.place:
            for place in above(mention.place):
                firms[place].add(mention.id)
    wanted = {
        "shanghai-auto-city": 35,
        "waigang-town": 9,
        "icv-nev-cluster-area": 19,
        "new-energy-base": 9,
        "huli-district": 18,
    }
    assert {place: len(firms[place]) for place in wanted} == wanted


def test_the_fields_of_three_ports_and_two_parks_are_given_to_the_whole_of_them() -> None:
    fields = [r for r in catalogue().relations if (r.plan, r.relation) == (CLUSTER, "field")]
    assert {(r.subject, r.line) for r in fields} == {("three-ports-two-parks", 21)}
    assert len(fields) == indicator(CLUSTER, "key-fields").value
    assert all(r.label and r.object_name for r in fields)


def test_the_road_test_rules_of_the_three_cities_and_their_provinces_are_there() -> None:
    rules = [r for r in catalogue().relations if r.plan == HULI and r.id.startswith("rule-")]
    of = Counter(r.subject for r in rules)
    assert of["cn-shanghai"] == 4
    assert of["cn-zhejiang"] == of["cn-hangzhou"] == of["fujian-putian"] == 1
    assert all(297 < r.line < 419 and r.relation == "policy" and "published" in r.note for r in rules)


def test_the_maps_lists_and_reports_that_the_plans_call_for_are_there() -> None:
    called = {r.object_name for r in catalogue().relations if r.relation == "calls_for"}
    assert called >= {
        "产业链环节全景图",
        "产业链环节现状图",
        "产业链招商报告",
        "产业用地供应图",
        "投资合作机会图",
        "产业链合作对接图",
        "总部企业投资地图",
        "整车系统一级供应商清单",
        "汽车产业重点企业名单",
        "产业链图谱",
    }
    kinds = {r.note.split(";")[0].split(" ")[0] for r in catalogue().relations if r.relation == "calls_for"}
    assert kinds == {"map", "list", "report", "plan"}


# --- chains


def links(plan: str) -> dict[str, ChainLink]:
    """The links of a plan's chains, by id."""
    return {row.id: row for row in catalogue().chain if row.plan == plan and row.chain}


def test_each_plan_has_its_chains_and_each_chain_its_links() -> None:
    chains = {(row.plan, row.id) for row in catalogue().chain if not row.chain and not row.supplies}
    assert Counter(plan for plan, _ in chains) == {AUTO_CITY: 2, CLUSTER: 2, MANUFACTURING: 8, HANGZHOU: 2, HULI: 5}
    assert {(row.plan, row.chain) for row in catalogue().chain if row.chain} == chains


def test_the_four_chains_of_huli_are_those_whose_two_pictures_the_plan_asks_for() -> None:
    four = [row.name for row in catalogue().chain if row.plan == HULI and not row.chain and row.line == 770]
    assert four == ["智能网联系统", "智能网联基础设施", "汽车电子新兴零部件", "汽车后市场"]


def test_what_is_supplied_goes_from_link_to_link_and_says_what_it_rests_on() -> None:
    supplies = [row for row in catalogue().chain if row.supplies]
    assert {row.basis for row in supplies} == {"documented", "assumed"}
    for row in supplies:
        assert {row.id, *row.supplies} <= set(links(row.plan)), (row.plan, row.row)


def test_no_link_stands_alone() -> None:
    alone = {"green-food", "smart-goods", "creative-design", "inspection", "used-modified-cars", "car-modification"}
    alone |= {"leasing-finance", "mobility"}
    for plan in PLANS:
        touched = {
            one for row in catalogue().chain if row.plan == plan and row.supplies for one in (row.id, *row.supplies)
        }
        assert set(links(plan)) - touched - alone == set(), plan


def test_the_links_of_chains_and_the_words_of_functions_are_links_of_the_project() -> None:
    known = set(load_project(ROOT).segments)
    assert {row.segment for row in catalogue().chain if row.chain} - known == set()
    assert {s for word in catalogue().functions.values() for s in word.segments} - known == set()


def test_every_function_of_a_place_is_in_the_dictionary_of_functions_and_no_other() -> None:
    said = {function for member in catalogue().memberships for function in member.functions}
    said |= {row.object_name for row in catalogue().relations if row.relation == "field"}
    assert set(catalogue().functions) == said


def test_words_for_the_whole_chain_ask_for_no_single_link() -> None:
    for word in ("新能源汽车", "智能网联汽车", "汽车产业"):
        found = catalogue().functions[word]
        assert found.reach == "chain"
        assert len(found.segments) > 3


def test_each_want_has_its_clause() -> None:
    wants = catalogue().wants()
    assert {want.reach for want in wants} == {"link", "chain"}
    of_base = {s for want in wants if want.subject == "auto-software-park" for s in want.segments}
    assert "software" in of_base
    assert {want.fact.line for want in wants if want.subject == "three-ports-two-parks"} == {21}


# --- organisations, places, roads, facilities


def test_every_mention_resolves_to_a_layer_or_to_the_list_of_those_elsewhere_and_never_to_both() -> None:
    elsewhere, placed = set(catalogue().elsewhere), layer_ids("enterprises")
    assert elsewhere & placed == set()
    assert {m.id for m in catalogue().mentions} - elsewhere - placed == set()


def test_an_organisation_that_a_plan_locates_does_not_stand_elsewhere() -> None:
    located = {m.id for m in catalogue().mentions if m.standing == "located"}
    assert located & set(catalogue().elsewhere) == set()


def test_those_elsewhere_are_all_named_by_a_plan() -> None:
    assert set(catalogue().elsewhere) - {m.id for m in catalogue().mentions} == set()


def test_one_name_stands_for_one_organisation() -> None:
    ids: dict[str, set[str]] = defaultdict(set)
    for mention in catalogue().mentions:
        ids[mention.name].add(mention.id)
    # The works in Hangzhou in one line, the brand, group or maker in others: hz-ford-name, byd-name, gac-name say so.
    assert {name: found for name, found in ids.items() if len(found) > 1} == {
        "福特": {"changan-ford", "ford"},
        "比亚迪": {"byd", "byd-auto"},
        "广汽集团": {"gac", "gac-group"},
    }


def test_every_place_that_a_row_names_is_on_the_map_or_listed_as_unplaced() -> None:
    facts = catalogue()
    named = {m.id for m in facts.memberships} | {m.parent for m in facts.memberships}
    named |= {m.place for m in facts.mentions}
    named |= {getattr(row, "place", "") for kind in ("roads", "facilities") for row in facts.rows[kind]}
    assert named - layer_ids("zones") - layer_ids("districts") - {""} == set()


@pytest.mark.parametrize("kind", ["roads", "facilities"])
def test_every_road_and_facility_has_a_feature(kind: str) -> None:
    assert {row.id for row in catalogue().rows[kind]} - layer_ids(kind) == set()


def test_the_length_of_a_road_is_a_range_only_from_low_to_high() -> None:
    roads = [row for row in catalogue().rows["roads"] if isinstance(row, RoadFact) and row.length_km_high is not None]
    assert [r.id for r in roads] == ["open-test-roads-2025"]
    assert (roads[0].length_km, roads[0].length_km_high) == (300, 500)


def test_both_ends_of_a_relation_are_said() -> None:
    assert [(r.plan, r.id) for r in catalogue().relations if not r.subject or not (r.object or r.object_name)] == []


# --- figures


def indicator(plan: str, id_: str) -> Indicator:
    (found,) = [i for i in catalogue().indicators if (i.plan, i.id) == (plan, id_)]
    return found


def test_a_range_has_two_ends_and_nothing_else_has() -> None:
    wrong = [
        (i.plan, i.id)
        for i in catalogue().indicators
        if (i.comparator == "range") != (i.value_high is not None) or (i.value_high or 1e99) <= (i.value or -1e99)
    ]
    assert wrong == []


def test_a_figure_without_number_says_why() -> None:
    assert [(i.plan, i.id) for i in catalogue().indicators if i.value is None and not i.note] == []


def test_a_target_starts_from_a_baseline_of_its_own_plan() -> None:
    known = {(i.plan, i.id) for i in catalogue().indicators}
    assert [i.id for i in catalogue().indicators if i.baseline and (i.plan, i.baseline) not in known] == []


def test_only_levels_and_increments_are_computed_and_each_measure_asks_for_its_layer() -> None:
    layer_of = {
        "road_km": "roads",
        "zone_area_km2": "zones",
        "enterprises": "enterprises",
        "chargers": "facilities",
        "hydrogen_stations": "facilities",
        "test_sites": "facilities",
        "systems": "zones",
    }
    computed = [i for i in catalogue().indicators if i.measure]
    assert computed
    assert [i.id for i in computed if layer_of[i.measure.partition(":")[0]] != i.layer] == []
    assert [i.id for i in computed if i.change not in {"level", "increment"}] == []


def test_counts_of_firms_are_computed_only_where_the_layer_can_hold_those_firms() -> None:
    assert {(i.plan, i.id) for i in catalogue().indicators if i.measure == "enterprises"} == {
        (CLUSTER, "firms-2030"),
        (AUTO_CITY, "aip-firms"),
        (HANGZHOU, "xiaoshan-firms-2020"),
        (HANGZHOU, "yuhang-firms-2020"),
    }


def test_areas_are_computed_only_for_a_place_that_has_an_outline_of_its_own() -> None:
    computed = {i.scope: i.value for i in catalogue().indicators if i.measure == "zone_area_km2"}
    assert computed == {"new-energy-port-phase-1": 2.0, "new-energy-port-phase-2": 0.64}


@pytest.mark.parametrize(
    ("plan", "id_", "value", "comparator", "change", "year", "unit"),
    [
        (CLUSTER, "industry-size-2030", 3500, ">", "level", 2030, "亿元"),
        (CLUSTER, "firms-2030", 1000, "=", "level", 2030, "家"),
        (CLUSTER, "firms-upgraded-2030", 50, ">=", "level", 2030, "家"),
        (MANUFACTURING, "gross-output-2025", 6700, "=", "level", 2025, "亿元"),
        (MANUFACTURING, "gross-output-increase-2025", 1358, "=", "increment", 2025, "亿元"),
        (MANUFACTURING, "gross-output-growth-2025", 5, "~", "rate", 2025, "%"),
        (MANUFACTURING, "feature-parks-area-2025", 35, ">", "level", 2025, "km²"),
        (MANUFACTURING, "digital-pilots-2025", 300, ">=", "level", 2025, "家（个）"),
        (MANUFACTURING, "sensor-firms-2025", 300, "~", "increment", 2025, "家"),
        (AUTO_CITY, "nep-output-2019", 104, "=", "level", 2019, "亿元"),
        (AUTO_CITY, "aip-occupancy", 70, ">", "share", None, "%"),
        (HANGZHOU, "output-value-2025", 2500, "=", "level", 2025, "亿元"),
        (HANGZHOU, "open-test-road-km-2025", 300, "range", "increment", 2025, "km"),
        (HANGZHOU, "chargers-added-2025", 6000, "=", "increment", 2025, "个"),
        (HANGZHOU, "l3-penetration-2025", 60, ">=", "share", 2025, "%"),
        (HULI, "huli-auto-output-2021", 120, "~", "level", 2021, "亿元"),
        (HULI, "huli-icv-output-2025", 200, ">", "level", 2025, "亿元"),
        (HULI, "huli-srdi-firms-2025", 10, "=", "increment", 2025, "个"),
    ],
)
def test_a_figure_keeps_number_comparator_change_year_and_unit(
    plan: str, id_: str, value: float, comparator: str, change: str, year: int | None, unit: str
) -> None:
    found = indicator(plan, id_)
    assert (found.value, found.comparator, found.change, found.year, found.unit) == (
        value,
        comparator,
        change,
        year,
        unit,
    )


@needs_documents
def test_each_target_of_table_4_1_has_the_year_of_its_cell() -> None:
    lines = (TEXTS / catalogue().plans[HULI].file).read_text("utf-8").split("\n")
    labels = (657, 672, 683, 694, 705, 716)
    starts = [number for number in range(657, 727) if lines[number - 1].startswith("\t")]
    for first, after in zip(labels, (*labels[1:], 727), strict=True):
        cells = [number for number in starts if first < number < after]
        assert len(cells) == 4
        for row in (fact for kind in ("indicators", "facilities", "roads") for fact in catalogue().rows[kind]):
            if row.plan == HULI and first < row.line < after:
                assert isinstance(row, Indicator | FacilityFact | RoadFact)
                assert row.year == 2021 + sum(start <= row.line for start in cells), row.id


def test_where_table_4_1_and_the_running_text_differ_both_years_are_kept() -> None:
    kept = [("huli-icv-output", 200, 2025), ("huli-rd-share", 4, 2025), ("huli-digital-rate", 100, 2025)]
    table = [("huli-icv-output-200", 2023), ("huli-rd-share-4", 2024), ("huli-digital-rate-100", 2023)]
    for (name, value, year), (id_, of_cell) in zip(kept, table, strict=True):
        assert (indicator(HULI, f"{name}-2025").value, indicator(HULI, f"{name}-2025").year) == (value, year)
        assert (indicator(HULI, id_).value, indicator(HULI, id_).year) == (value, of_cell)


def test_a_task_without_a_year_has_none() -> None:
    assert [
        r.year for r in catalogue().rows["roads"] if isinstance(r, RoadFact) and (r.plan, r.line) == (AUTO_CITY, 127)
    ] == [
        None,
        None,
        None,
    ]


def test_two_stations_that_one_clause_treats_alike_stand_alike() -> None:
    facilities = [row for row in catalogue().rows["facilities"] if isinstance(row, FacilityFact)]
    status = {row.id: row.status for row in facilities if (row.plan, row.line) == (AUTO_CITY, 127)}
    assert status["west-shanghai-hydrogen-station"] == status["anzhi-hydrogen-station"] == "existing"
    assert status["country-park-hydrogen-station"] == "planned"


def test_firms_that_one_clause_names_for_one_field_are_in_one_link() -> None:
    sensing = {m.id: m.segment for m in catalogue().mentions if (m.plan, m.line) == (HANGZHOU, 87)}
    assert set(sensing.values()) == {"driving"}


def test_text_and_table_that_disagree_are_both_kept_each_with_the_target_of_its_own_place() -> None:
    assert indicator(MANUFACTURING, "strategic-output-2020").value == 1173.9
    assert indicator(MANUFACTURING, "table-strategic-output-2020").value == 1227.7
    assert indicator(MANUFACTURING, "strategic-output-2025").baseline == "strategic-output-2020"
    assert indicator(MANUFACTURING, "table-strategic-output-2025").baseline == "table-strategic-output-2020"


# --- what the documents disagree on


def test_a_conflict_is_named_once_cites_both_sides_and_is_explained_in_chinese() -> None:
    conflicts = catalogue().conflicts
    assert len({c.id for c in conflicts}) == len(conflicts)
    chinese = re.compile(r"[\u4e00-\u9fff]")
    for conflict in conflicts:
        assert conflict.a.section, conflict.id
        assert conflict.b.section, conflict.id
        assert chinese.search(conflict.topic), conflict.id
        assert chinese.search(conflict.explanation), conflict.id
        assert chinese.search(conflict.treatment), conflict.id
        assert (conflict.a.plan, conflict.a.line, conflict.a.name) != (
            conflict.b.plan,
            conflict.b.line,
            conflict.b.name,
        ) or conflict.kind in {"parent", "boundary"}, conflict.id


def test_the_conflicts_that_an_auditor_looks_for_are_there() -> None:
    assert {
        "new-energy-port-name-swapped",
        "hydrogen-port-name-swapped",
        "ports-two-parents-hydrogen",
        "ports-two-parents-new-energy",
        "strategic-output-2020",
        "hz-yuhang-2020-linping",
        "hz-shares-do-not-sum",
        "core-of-the-layout",
        "huli-output-scope",
    } <= {c.id for c in catalogue().conflicts}


def test_no_two_conflicts_set_the_same_two_statements_side_by_side() -> None:
    pairs = Counter(
        (c.kind, frozenset({(c.a.plan, c.a.line, c.a.name), (c.b.plan, c.b.line, c.b.name)}))
        for c in catalogue().conflicts
    )
    assert [pair for pair, number in pairs.items() if number > 1] == []


# --- the documents


@needs_documents
def test_every_row_stands_in_its_line_and_section() -> None:
    assert [str(fault) for fault in verify(catalogue(), TEXTS)] == []


@needs_documents
def test_no_row_cites_a_table_of_contents() -> None:
    contents = re.compile(r"\t\d+\s*$")
    lines = {plan.file: (TEXTS / plan.file).read_text("utf-8").split("\n") for plan in catalogue().plans.values()}
    cited = {(row.file, row.line) for rows in catalogue().rows.values() for row in rows}
    found = {
        (file, line)
        for file, line in cited
        if contents.search(lines[file][line - 1]) and lines[file][line - 1].count("\t") == 1
    }
    assert found == set()


@cache
def copied_runs() -> frozenset[str]:
    """Every run of RUN characters of every document, spaces not counted."""
    texts = [re.sub(r"\s+", "", path.read_text("utf-8")) for path in sorted(TEXTS.glob("*.txt"))]
    return frozenset(text[start : start + RUN] for text in texts for start in range(len(text) - RUN + 1))


def written_files() -> list[Path]:
    folders = ("seeds", "layers", "gis", "docs")
    suffixes = {".csv", ".toml", ".geojson", ".json", ".py", ".md", ".html", ".js", ".css", ".txt"}
    inside = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    return sorted([*inside, *ROOT.glob("README*"), *ROOT.glob("*.toml"), *ROOT.glob("*.csv"), *ROOT.glob("*.md")])


@needs_documents
def test_no_sentence_of_a_document_is_copied() -> None:
    runs = copied_runs()
    copied = {}
    for path in written_files():
        text = re.sub(r"\s+", "", path.read_text("utf-8"))
        hits = (text[start : start + RUN] for start in range(len(text) - RUN + 1))
        first = next((hit for hit in hits if hit in runs), None)
        if first is not None:
            copied[path.relative_to(ROOT).as_posix()] = first
    assert copied == {}


@needs_documents
def test_the_search_for_copied_sentences_finds_one() -> None:
    text = (TEXTS / catalogue().plans[CLUSTER].file).read_text("utf-8")
    sentence = re.sub(r"\s+", "", text)[200 : 200 + RUN]
    assert sentence in copied_runs()
    assert sentence[:-1] + "甲乙丙" not in copied_runs()
