"""Facts are read as typed rows with their citation, every fault is listed with file and row, and rows are held to
their lines.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gis.base.errors import Fault
from gis.model.facts import (
    FACT_TYPES,
    Facts,
    Indicator,
    Membership,
    Mention,
    RoadFact,
    ZoneSystem,
    outline,
    read_facts,
    read_table_rows,
    verify,
)

PLAN = (
    'id = "harbour-plan"\ncity = "port"\ntitle = "港区规划"\nfile = "harbour.txt"\nbase_year = 2020\nhorizon = 2025\n'
)
DOCUMENT = """港区规划
一、总体布局
形成“一核两翼”布局，一核为东港，两翼为南园和北园。
（一）企业
南园集聚了海星汽车等企业，到2025年达到30-50家。
"""
SYSTEMS = """id,name,line,section,label,label_en,members,horizon,valid_from,valid_to,note
core-and-wings,一核两翼,3,一 总体布局,,Core and wings,listed,2025,2021-04-09,2025-12-31,
"""
ZONES = """id,name,line,section,label,system,role,functions,area_km2,parent,status,note
east-port,东港,3,一 总体布局,,core-and-wings,核,港口; 物流；贸易,2.5,,existing,
south-park,南园,3,一 总体布局,,core-and-wings,翼,,,east-port,planned,
"""
ENTERPRISES = """id,name,line,section,label,place,segment,standing,kind,activity,note
seastar,海星汽车,5,一（一） 企业,,south-park,vehicle,located,enterprise,制造,
"""
INDICATORS = """id,name,line,section,label,label_en,scope,kind,value,value_high,unit,year,year_from,comparator,change,\
baseline,measure,layer,note
firms,30-50家,5,一（一） 企业,企业数,Firms,south-park,target,30,50,家,2025,,range,level,,enterprises,enterprises,
"""
ROADS = """id,name,line,section,label,type,place,length_km,length_km_high,count,unit,status,year,note
port-road,东港,3,一 总体布局,,corridor,,1.5,,,,planned,2025,
"""
CHAIN = """id,name,line,section,label,label_en,chain,stage,segment,supplies,basis,note
harbour,一核两翼,3,一 总体布局,港区产业链,Harbour,,,,,documented,
ships,南园,3,一 总体布局,造船,Ships,harbour,上游,vehicle,,assumed,
port,东港,3,一 总体布局,港口,Port,harbour,下游,mobility,,assumed,
ships,北园,3,一 总体布局,,,,,,port,documented,
"""
CONFLICTS = """id,topic,kind,plan_a,line_a,section_a,name_a,plan_b,line_b,section_b,name_b,explanation,treatment
wings,两翼,membership,harbour-plan,3,一 总体布局,南园和北园,harbour-plan,5,一（一） 企业,南园,后者只写南园,并列
"""
ELSEWHERE = """id,name,aliases,name_en,segment,kind,seat,note
whale,鲸鱼汽车,鲸鱼;Whale Cars,Whale,vehicle,enterprise,外地,
"""


def save(root: Path, name: str, text: str) -> Path:
    """Write a table as Excel would: UTF-8 with BOM, lines ended by CRLF."""
    path = root / "seeds" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\ufeff" + text).encode().replace(b"\n", b"\r\n"))
    return path


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    """A project's folder whose one plan has a row of most kinds, and whose document says all of it."""
    folder = tmp_path / "seeds" / "harbour-plan"
    folder.mkdir(parents=True)
    (folder / "plan.toml").write_text(PLAN, "utf-8")
    for name, text in {
        "systems": SYSTEMS,
        "zones": ZONES,
        "enterprises": ENTERPRISES,
        "indicators": INDICATORS,
        "roads": ROADS,
    }.items():
        save(tmp_path, f"harbour-plan/{name}.csv", text)
    save(tmp_path, "conflicts.csv", CONFLICTS)
    save(tmp_path, "elsewhere.csv", ELSEWHERE)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "harbour.txt").write_text(DOCUMENT, "utf-8")
    return tmp_path


def read(root: Path) -> Facts:
    faults: list[Fault] = []
    facts = read_facts(root, faults)
    assert faults == []
    return facts


def faults_of(root: Path) -> list[str]:
    faults: list[Fault] = []
    read_facts(root, faults)
    return [str(fault) for fault in faults]


# --- the outline of a document


def test_a_line_is_named_by_the_path_of_the_headings_above_it() -> None:
    lines = ["规划", "一、总则", "正文", "（二）目标", "1. 规模总量", "正文", "（三）布局", "正文"]
    assert outline(lines) == [
        "文首",
        "一 总则",
        "一 总则",
        "一（二） 目标",
        "一（二）1 规模总量",
        "一（二）1 规模总量",
        "一（三） 布局",
        "一（三） 布局",
    ]


def test_a_heading_gives_at_most_twenty_characters_and_ends_at_its_first_stop() -> None:
    assert outline(["一、" + "很" * 30]) == ["一 " + "很" * 20]
    assert outline(["3.提升能力。以下是正文"]) == ["3 提升能力"]


def test_a_decimal_number_and_a_table_of_contents_begin_no_section() -> None:
    assert outline(["一、总则", "1.5万辆", "二、目标\t24", "2、任务"]) == ["一 总则", "一 总则", "一 总则", "一2 任务"]


def test_bookmarks_are_no_part_of_a_heading() -> None:
    assert outline(["[bookmark: _Toc1][bookmark: _Toc2]（一）产业形势"]) == ["（一） 产业形势"]


def test_a_foreword_is_a_section_of_its_own_until_the_first_heading() -> None:
    assert outline(["前  言", "正文", "一、总则"]) == ["前言", "前言", "一 总则"]


def test_a_box_numbers_its_own_items_and_ends_at_two_blank_lines() -> None:
    lines = ["一、工程", "1. 引育", "专栏2：重点", "1. 甲", "", "仍在专栏", "", "", "回到正文"]
    assert outline(lines) == [
        "一 工程",
        "一1 引育",
        "一专栏2 重点",
        "一专栏2·1 甲",
        "一专栏2·1 甲",
        "一专栏2·1 甲",
        "一专栏2·1 甲",
        "一1 引育",
        "一1 引育",
    ]


def test_a_chapter_inside_an_open_box_closes_the_box_for_good() -> None:
    assert outline(["一、工程", "专栏1：甲", "二、保障", "", "", "正文"])[-1] == "二 保障"


# --- reading


def test_rows_are_typed_and_keep_their_row_in_the_table(harbour: Path) -> None:
    facts = read(harbour)
    (system,) = facts.systems
    east, south = facts.memberships
    (mention,) = facts.mentions
    (indicator,) = facts.indicators
    assert isinstance(system, ZoneSystem)
    assert system.horizon == 2025
    assert isinstance(east, Membership)
    assert east.functions == ("港口", "物流", "贸易")
    assert east.area_km2 == 2.5
    assert (east.row, south.row) == (2, 3)
    assert south.area_km2 is None
    assert isinstance(mention, Mention)
    assert (mention.org_kind, mention.standing, mention.place) == ("enterprise", "located", "south-park")
    assert isinstance(indicator, Indicator)
    assert (indicator.indicator_kind, indicator.value, indicator.value_high, indicator.year) == ("target", 30, 50, 2025)
    (road,) = facts.rows["roads"]
    assert isinstance(road, RoadFact)
    assert (road.length_km, road.length_km_high, road.year) == (1.5, None, 2025)


def test_a_row_cites_plan_file_line_and_section(harbour: Path) -> None:
    (mention,) = read(harbour).mentions
    assert mention.citation() == {
        "plan": "harbour-plan",
        "file": "harbour.txt",
        "line": 5,
        "section": "一（一） 企业",
    }
    assert mention.table == "seeds/harbour-plan/enterprises.csv"


def test_a_row_prints_its_citation_first_and_lists_as_lists(harbour: Path) -> None:
    row = read(harbour).memberships[0].as_row()
    assert list(row)[:7] == ["kind", "plan", "file", "line", "section", "name", "id"]
    assert row["kind"] == "zones"
    assert row["functions"] == ["港口", "物流", "贸易"]
    assert "row" not in row


def test_our_wording_is_the_title_where_there_is_one(harbour: Path) -> None:
    facts = read(harbour)
    assert facts.indicators[0].title == "企业数"
    assert facts.mentions[0].title == "海星汽车"


def test_conflicts_keep_both_sides_and_organisations_elsewhere_their_aliases(harbour: Path) -> None:
    facts = read(harbour)
    (conflict,) = facts.conflicts
    assert (conflict.a.line, conflict.a.name, conflict.b.line, conflict.b.name) == (3, "南园和北园", 5, "南园")
    assert conflict.as_row()["file_b"] == "harbour.txt"
    assert facts.elsewhere["whale"].aliases == ("鲸鱼", "Whale Cars")


def test_a_table_without_bom_is_read_as_well_and_empty_rows_are_passed_over(harbour: Path) -> None:
    path = harbour / "seeds" / "harbour-plan" / "zones.csv"
    path.write_text(ZONES.replace("south-park,", ",,,,,,,,,,,\nsouth-park,"), "utf-8")
    assert [(m.id, m.row) for m in read(harbour).memberships] == [("east-port", 2), ("south-park", 4)]


def test_only_the_plans_of_the_cities_asked_for_are_read(harbour: Path) -> None:
    faults: list[Fault] = []
    facts = read_facts(harbour, faults, ["elsewhere"])
    assert (faults, dict(facts.plans), facts.memberships, facts.conflicts) == ([], {}, [], ())
    assert set(read(harbour).of_city("port").plans) == {"harbour-plan"}
    assert read(harbour).of_city("elsewhere").mentions == []


def test_every_kind_of_fact_may_be_missing(tmp_path: Path) -> None:
    folder = tmp_path / "seeds" / "harbour-plan"
    folder.mkdir(parents=True)
    (folder / "plan.toml").write_text(PLAN, "utf-8")
    facts = read(tmp_path)
    assert {kind: len(facts.rows[kind]) for kind in FACT_TYPES} == dict.fromkeys(FACT_TYPES, 0)


# --- chains, and what functions ask for


def chained(harbour: Path, rows: str) -> list[str]:
    save(harbour, "harbour-plan/chain.csv", CHAIN + rows)
    return faults_of(harbour)


def test_a_chain_has_links_by_stage_and_says_what_they_supply(harbour: Path) -> None:
    save(harbour, "harbour-plan/chain.csv", CHAIN)
    chain, ships, port, supply = read(harbour).chain
    assert (chain.chain, chain.supplies) == ("", ())
    assert (ships.chain, ships.stage, ships.segment, ships.basis) == ("harbour", "上游", "vehicle", "assumed")
    assert port.stage == "下游"
    assert (supply.id, supply.supplies, supply.basis) == ("ships", ("port",), "documented")
    assert supply.citation()["line"] == 3
    assert verify(read(harbour), harbour / "texts") == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("quay,东港,3,一 总体布局,,,nowhere,上游,vehicle,,assumed,\n", "chain 'nowhere' is not a chain of the plan"),
        ("quay,东港,3,一 总体布局,,,ships,上游,vehicle,,assumed,\n", "chain 'ships' is not a chain of the plan"),
        ("quay,东港,3,一 总体布局,,,harbour,,vehicle,,assumed,\n", "a link needs stage"),
        ("quay,东港,3,一 总体布局,,,harbour,上游,,,assumed,\n", "a link needs segment"),
        ("quay,东港,3,一 总体布局,,,,上游,,,assumed,\n", "chain is empty, so the row is a chain"),
        ("port,东港,3,一 总体布局,,,harbour,下游,vehicle,,assumed,\n", "'port' is also in row 4"),
        ("port,东港,3,一 总体布局,,,,,,harbour,assumed,\n", "supplies 'harbour', which is not another link"),
        ("port,东港,3,一 总体布局,,,,,,port,assumed,\n", "supplies 'port', which is not another link"),
        ("harbour,东港,3,一 总体布局,,,,,,port,assumed,\n", "'harbour' is also in row 2"),
        ("quay,东港,3,一 总体布局,,,harbour,中间,vehicle,,assumed,\n", "stage is '中间'; allowed:"),
        (
            "quay,东港,3,一 总体布局,,,harbour,上游,vehicle,,guessed,\n",
            "basis is 'guessed'; allowed: assumed, documented",
        ),
    ],
)
def test_a_chain_that_does_not_hold_is_named_by_its_row(harbour: Path, rows: str, said: str) -> None:
    (fault,) = chained(harbour, rows)
    assert fault.startswith("seeds/harbour-plan/chain.csv:6: ")
    assert said in fault


def test_a_function_stands_for_links_for_the_whole_chain_or_for_none(harbour: Path) -> None:
    save(
        harbour,
        "functions.csv",
        "function,reach,segments,note\n港口,link,vehicle;parts,\n物流,chain,mobility,\n贸易,none,,\n",
    )
    wants = read(harbour).wants()
    assert [(w.subject, w.function, w.reach, w.segments, w.fact.line) for w in wants] == [
        ("east-port", "港口", "link", ("vehicle", "parts"), 3),
        ("east-port", "物流", "chain", ("mobility",), 3),
    ]
    assert read(harbour).of_city("port").wants() == wants


def test_a_field_of_a_whole_structure_is_wanted_of_the_structure(harbour: Path) -> None:
    save(harbour, "functions.csv", "function,reach,segments,note\n造船,link,vehicle,\n")
    header = "id,name,line,section,label,subject,relation,object,object_name,note\n"
    save(harbour, "harbour-plan/relations.csv", header + "field,东港,3,一 总体布局,,core-and-wings,field,,造船,\n")
    assert [(w.subject, w.segments) for w in read(harbour).wants()] == [("core-and-wings", ("vehicle",))]


def test_each_fault_of_the_dictionary_of_functions_is_named(harbour: Path) -> None:
    save(
        harbour, "functions.csv", "function,reach,segments,note\n港口,all,a,\n物流,link,,\n贸易,none,a,\n贸易,none,,\n"
    )
    assert faults_of(harbour) == [
        "seeds/functions.csv:2: reach is 'all'; allowed: chain, link, none",
        "seeds/functions.csv:3: reach is 'link', but segments is ''",
        "seeds/functions.csv:4: reach is 'none', but segments is 'a'",
        "seeds/functions.csv:5: the function '贸易' is there twice",
    ]
    save(harbour, "functions.csv", "function,reach\n港口,link\n")
    assert faults_of(harbour) == [
        "seeds/functions.csv:1: lacks the column 'segments'",
        "seeds/functions.csv:1: lacks the column 'note'",
    ]


# --- the day that a structure holds on


def test_a_structure_holds_from_its_first_day_until_the_day_that_supersedes_it(harbour: Path) -> None:
    (system,) = read(harbour).systems
    days = {day: system.holds_on(date.fromisoformat(day)) for day in ("2021-04-08", "2021-04-09", "2025-12-30")}
    assert days == {"2021-04-08": False, "2021-04-09": True, "2025-12-30": True}
    assert not system.holds_on(date(2025, 12, 31))
    assert system.holds_on(None)


def test_a_structure_without_dates_holds_on_every_day(harbour: Path) -> None:
    save(harbour, "harbour-plan/systems.csv", SYSTEMS.replace("2021-04-09,2025-12-31", ","))
    (system,) = read(harbour).systems
    assert system.holds_on(date(1900, 1, 1))
    assert system.holds_on(date(2100, 1, 1))


# --- faults


def test_all_faults_of_all_tables_are_listed_with_file_and_row(harbour: Path) -> None:
    save(harbour, "harbour-plan/zones.csv", ZONES.replace("2.5", "large").replace("planned", "soon"))
    save(harbour, "harbour-plan/enterprises.csv", ENTERPRISES.replace("located", "here").replace(",5,", ",five,"))
    save(harbour, "harbour-plan/indicators.csv", INDICATORS.replace(",2025,", ",2025.5,").replace("30-50家,5", ",5"))
    assert faults_of(harbour) == [
        "seeds/harbour-plan/zones.csv:2: area_km2 is 'large', which is not a number",
        "seeds/harbour-plan/zones.csv:3: status is 'soon'; allowed: existing, planned, renewal, reserved",
        "seeds/harbour-plan/enterprises.csv:2: line is 'five', which is not a whole number",
        "seeds/harbour-plan/enterprises.csv:2: standing is 'here'; allowed: benchmark, located, target",
        "seeds/harbour-plan/indicators.csv:2: year is '2025.5', which is not a whole number",
        "seeds/harbour-plan/indicators.csv:2: name is empty",
    ]


def test_a_faulty_row_is_left_out_and_the_others_are_still_read(harbour: Path) -> None:
    save(harbour, "harbour-plan/zones.csv", ZONES.replace("2.5", "large"))
    faults: list[Fault] = []
    assert [m.id for m in read_facts(harbour, faults).memberships] == ["south-park"]
    assert len(faults) == 1


def test_missing_and_unknown_columns_are_both_named(harbour: Path) -> None:
    save(harbour, "harbour-plan/zones.csv", ZONES.replace("role", "rank"))
    assert faults_of(harbour) == [
        "seeds/harbour-plan/zones.csv:1: lacks the column 'role'",
        "seeds/harbour-plan/zones.csv:1: has a column 'rank' that this table does not know",
    ]


def test_a_row_without_citation_is_a_fault(harbour: Path) -> None:
    save(harbour, "harbour-plan/zones.csv", ZONES.replace("东港,3,一 总体布局", "东港,,"))
    where = "seeds/harbour-plan/zones.csv:2"
    assert faults_of(harbour) == [f"{where}: line is empty", f"{where}: section is empty"]


def test_a_row_with_too_few_or_too_many_cells_is_a_fault(harbour: Path) -> None:
    save(harbour, "harbour-plan/zones.csv", ZONES + "north-park,北园\n" + "x," * 20 + "\n")
    assert faults_of(harbour) == [
        "seeds/harbour-plan/zones.csv:4: has 2 cells where the header has 12",
        "seeds/harbour-plan/zones.csv:5: has 21 cells where the header has 12",
    ]


def test_a_table_saved_as_gbk_is_refused_with_the_way_out(harbour: Path) -> None:
    (harbour / "seeds" / "harbour-plan" / "zones.csv").write_bytes(ZONES.encode("gbk"))
    (fault,) = faults_of(harbour)
    assert fault.startswith("seeds/harbour-plan/zones.csv: is not UTF-8")
    assert fault.endswith("save it as CSV UTF-8")


def test_an_unclosed_quotation_mark_is_a_fault_and_not_a_silent_loss(tmp_path: Path) -> None:
    path = save(tmp_path, "small.csv", 'id,name\na,甲\nb,"乙\n')
    faults: list[Fault] = []
    header, rows = read_table_rows(path, "small.csv", faults)
    assert header == ["id", "name"]
    assert rows == [(2, {"id": "a", "name": "甲"})]
    assert [fault.row for fault in faults] == [3]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id = ", "seeds/harbour-plan/plan.toml: is not readable as TOML"),
        ('id = "harbour-plan"\ncity = "port"', "seeds/harbour-plan/plan.toml: lacks title, file"),
        (PLAN.replace('"harbour-plan"', '"other"'), "seeds/harbour-plan/plan.toml: id is 'other', but the folder is"),
    ],
)
def test_a_plan_that_cannot_be_used_is_named(harbour: Path, text: str, says: str) -> None:
    (harbour / "seeds" / "harbour-plan" / "plan.toml").write_text(text, "utf-8")
    assert any(fault.startswith(says) for fault in faults_of(harbour))


def test_a_conflict_names_plans_that_exist(harbour: Path) -> None:
    save(harbour, "conflicts.csv", CONFLICTS.replace("harbour-plan,5", "forest-plan,5"))
    assert faults_of(harbour) == ["seeds/conflicts.csv:2: plan_b is 'forest-plan', which no plan has"]


def test_an_organisation_stands_elsewhere_only_once(harbour: Path) -> None:
    save(harbour, "elsewhere.csv", ELSEWHERE + ELSEWHERE.splitlines()[1] + "\n")
    assert faults_of(harbour) == ["seeds/elsewhere.csv:3: the id 'whale' is there twice"]


# --- holding rows to the documents


def test_rows_that_stand_in_their_lines_verify(harbour: Path) -> None:
    assert verify(read(harbour), harbour / "texts") == []


def test_each_row_that_no_longer_holds_is_named(harbour: Path) -> None:
    save(harbour, "harbour-plan/zones.csv", ZONES.replace("东港,3", "西港,3").replace("南园,3", "南园,300"))
    save(harbour, "harbour-plan/enterprises.csv", ENTERPRISES.replace("一（一） 企业", "二 任务"))
    save(harbour, "conflicts.csv", CONFLICTS.replace("南园和北园", "南园与北园"))
    assert [str(fault) for fault in verify(read(harbour), harbour / "texts")] == [
        "seeds/harbour-plan/zones.csv:2: '西港' is not in line 3 of harbour.txt",
        "seeds/harbour-plan/zones.csv:3: line 300 is beyond the end of harbour.txt",
        "seeds/harbour-plan/enterprises.csv:2: line 5 stands in section '一（一） 企业', not '二 任务'",
        "seeds/conflicts.csv:2: '南园与北园' is not in line 3 of harbour.txt",
    ]


def test_a_document_that_is_not_there_is_said_once(harbour: Path) -> None:
    (fault,) = verify(read(harbour), harbour)
    assert str(fault) == "harbour.txt: the document of plan harbour-plan is not in the folder given"


@pytest.mark.parametrize("file", ["../secret.txt", "{root}/secret.txt", "a/../../secret.txt", "..\\secret.txt"])
def test_a_document_outside_of_the_folder_given_is_not_read(harbour: Path, file: str) -> None:
    facts = read(harbour)
    (harbour / "secret.txt").write_text("东港" * 9, "utf-8")
    plans = {id_: replace(plan, file=file.format(root=harbour)) for id_, plan in facts.plans.items()}
    rows = {kind: tuple(replace(row, file=file.format(root=harbour)) for row in of) for kind, of in facts.rows.items()}
    (fault,) = verify(replace(facts, plans=plans, rows=rows, conflicts=()), harbour / "texts")
    assert str(fault).startswith("seeds/harbour-plan/plan.toml: file is ")


def test_a_document_that_is_not_utf8_is_a_fault(harbour: Path) -> None:
    (harbour / "texts" / "harbour.txt").write_bytes("东港和南园".encode("gbk"))
    (fault,) = verify(read(harbour), harbour / "texts")
    assert str(fault).startswith("harbour.txt: is not UTF-8")
