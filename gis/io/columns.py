"""Recognise what the columns of a foreign table mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gis.base.errors import UsageError
from gis.base.text import halfwidth
from gis.earth.datum import parse_datum
from gis.model.schema import LAYER_COLUMNS, LAYER_KINDS

# What a column may mean beside the columns of a layer: where the row is, and what else places or sorts it.
ROLES: Final[Mapping[str, str]] = {
    "lon": "longitude in degrees, or easting in metres",
    "lat": "latitude in degrees, or northing in metres",
    "x": "a coordinate called X: longitude, easting, or (in survey tables) northing",
    "y": "a coordinate called Y",
    "xy": "both coordinates in one cell",
    "wkt": "the geometry as WKT, WKB, GeoJSON or a chain of corners",
    "park": "the park or zone that the row says it is in",
    "business": "what the firm does; read for the chain link where no column names that",
    "datum": "the datum that the row's coordinates are in",
    "serial": "a running number, which is left out",
}

COORDINATES: Final = frozenset({"lon", "lat", "x", "y", "xy"})

_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "编码", "唯一编号", "标识"),
    "name": (
        "name",
        "名称",
        "企业名称",
        "单位名称",
        "公司名称",
        "企业全称",
        "公司全称",
        "单位全称",
        "公司",
        "企业",
        "机构名称",
        "企业名",
        "单位",
        "项目名称",
        "园区名称",
        "开发区名称",
        "产业园名称",
        "宗地名称",
        "图斑名称",
        "poi名称",
        "poiname",
        "地块名称",
        "板块名称",
        "功能区名称",
        "区域名称",
        "片区名称",
        "道路名称",
        "道路名",
        "路名",
        "路段名称",
        "设施名称",
        "场站名称",
        "站点名称",
        "区县名称",
        "行政区名称",
        "xzqmc",
        "地名",
        "商户名称",
        "enterprise",
        "company",
        "companyname",
        "enterprisename",
        "title",
        "mc",
        "qymc",
        "dwmc",
        "gsmc",
        "yqmc",
        "dkmc",
        "xmmc",
        "kfqmc",
        "gnqmc",
        "zmc",
        "区域",
        "地块",
        "主体名称",
        "市场主体名称",
        "法人单位名称",
        "单位详细名称",
        "纳税人名称",
        "点名",
    ),
    "name_en": ("nameen", "英文名称", "英文名", "englishname", "name_en"),
    "aliases": ("aliases", "别名", "曾用名", "简称", "企业简称", "alias"),
    "lon": (
        "lon",
        "lng",
        "long",
        "longitude",
        "经度",
        "东经",
        "wgs84经度",
        "经度坐标",
        "坐标经度",
        "高德经度",
        "百度经度",
        "jd",
        "lngx",
        "gcjlng",
        "gcjlon",
        "bdlng",
        "bdlon",
        "wgslng",
        "wgslon",
        "pointx",
        "gpslng",
        "location.lng",
        "大地经度",
        "l经度",
        "easting",
        "东坐标",
    ),
    "lat": (
        "lat",
        "latitude",
        "纬度",
        "北纬",
        "wgs84纬度",
        "纬度坐标",
        "坐标纬度",
        "高德纬度",
        "百度纬度",
        "wd",
        "gcjlat",
        "bdlat",
        "wgslat",
        "pointy",
        "gpslat",
        "location.lat",
        "大地纬度",
        "b纬度",
        "northing",
        "北坐标",
    ),
    "x": ("x", "x坐标", "坐标x", "横坐标x", "纵坐标x", "x轴", "xcoord", "横坐标"),
    "y": ("y", "y坐标", "坐标y", "纵坐标y", "横坐标y", "y轴", "ycoord", "纵坐标"),
    "xy": (
        "坐标",
        "经纬度",
        "地理坐标",
        "位置坐标",
        "coordinates",
        "coordinate",
        "lnglat",
        "location",
        "坐标点",
        "gps坐标",
        "latlng",
        "高德坐标",
        "百度坐标",
        "经纬度坐标",
        "定位",
        "gps",
        "lonlat",
    ),
    "wkt": (
        "wkt",
        "geometry",
        "geom",
        "the_geom",
        "wktgeom",
        "shape",
        "wkb",
        "ewkb",
        "ewkt",
        "wkbgeometry",
        "wktgeometry",
        "geometrywkt",
        "geojson",
        "stastext",
        "stasgeojson",
        "polyline",
        "边界坐标",
        "范围坐标",
        "坐标串",
    ),
    "datum": (
        "datum",
        "坐标系",
        "坐标系统",
        "坐标系名称",
        "坐标基准",
        "坐标类型",
        "坐标系类型",
        "坐标系别",
        "crs",
        "coordsys",
        "coordtype",
    ),
    "address": (
        "address",
        "地址",
        "经营地址",
        "办公地址",
        "实际经营地址",
        "通讯地址",
        "联系地址",
        "生产地址",
        "详细地址",
        "企业地址",
        "单位地址",
        "实际地址",
        "经营场所",
        "dz",
        "addr",
    ),
    "registered_address": ("registeredaddress", "注册地址", "注册地", "住所", "工商注册地址", "登记地址"),
    "uscc": (
        "uscc",
        "统一社会信用代码",
        "社会信用代码",
        "信用代码",
        "统一信用代码",
        "统一代码",
        "机构代码",
        "纳税人识别号",
        "税号",
        "shxydm",
        "tyshxydm",
        "creditcode",
    ),
    "segment": (
        "segment",
        "产业链环节",
        "产业环节",
        "产业链",
        "环节",
        "链条环节",
        "所属产业链环节",
        "所属环节",
        "细分领域",
        "产业领域",
        "所属产业",
        "产业类别",
        "产业分类",
        "产业类型",
    ),
    "business": (
        "business",
        "经营范围",
        "主营业务",
        "主营产品",
        "主要产品",
        "行业",
        "所属行业",
        "行业类别",
        "行业分类",
        "业务",
        "主导产品",
        "产品",
        "业务范围",
    ),
    "park": (
        "park",
        "所属园区",
        "所在园区",
        "园区",
        "所在板块",
        "所属板块",
        "所属片区",
        "所在片区",
        "片区",
        "板块",
        "所属功能区",
        "功能区",
        "所在区域",
        "所属区域",
        "产业园",
        "ssyq",
        "所属产业园",
        "所在产业园",
        "入驻园区",
        "载体",
    ),
    "kind": ("kind", "机构性质"),
    "org": ("org", "所属集团", "集团", "母公司"),
    "geometry_basis": ("geometrybasis", "几何依据"),
    "accuracy_m": ("accuracym", "accuracy", "精度", "定位精度", "坐标精度", "误差"),
    "geometry_source": ("geometrysource", "坐标来源", "数据来源", "来源"),
    "unplaced_reason": ("unplacedreason",),
    "within_source": ("withinsource",),
    "within_basis": ("withinbasis",),
    "valid_from": ("validfrom", "生效日期"),
    "valid_to": ("validto", "失效日期", "注销日期", "吊销日期", "迁出日期"),
    "note": ("note", "备注", "说明", "remark", "remarks", "bz"),
    "type": ("type", "类型", "道路类型", "设施类型", "类别", "lx"),
    "status": ("status", "状态", "建设状态", "现状规划"),
    "year": (
        "year",
        "年份",
        "建成年份",
        "开通年份",
        "规划年份",
        "建成年度",
        "投运年份",
        "投用年份",
        "建成时间",
        "投运时间",
    ),
    "count": ("count", "数量", "设备数量", "桩数", "充电桩数", "充电桩数量", "枪数", "个数", "台数"),
    "is_test_road": ("istestroad", "是否测试道路", "测试道路", "是否测试路段"),
    "category": ("category", "园区类别", "类别", "用地类别"),
    "within": ("within",),
    "adcode": ("adcode", "行政区划代码", "区划代码", "代码"),
    "level": ("level", "级别", "行政级别"),
    "role": ("role",),
    "serial": ("序号", "编号", "no", "no.", "fid", "objectid", "oid", "num", "xh", "行号", "ogcfid", "#"),
}
_UNIT: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_NO_PAIR: Final = re.compile("是否|有无|[xy横纵东北]坐标")
_NOISE: Final = re.compile(r"[\s_\-*:#·]+")
_DATUM_WORDS: Final = (
    ("bd09", re.compile(r"bd-?_?09|百度|baidu|^bd_?(?:lng|lon|lat|x|y)", re.IGNORECASE)),
    (
        "gcj02",
        re.compile(r"gcj-?_?(?:02)?|高德|amap|腾讯|火星|\.ovkm[lz]$|<OvCoordType>China|DataV\.GeoAtlas", re.IGNORECASE),
    ),
    ("old", re.compile(r"西安80|80西安|北京54|54北京|xian|beijing_?1?9?54|bj54", re.IGNORECASE)),
    ("cgcs2000", re.compile(r"cgcs-?_?2000|国家2000|2000国家|2000坐标|天地图", re.IGNORECASE)),
    ("wgs84", re.compile(r"wgs-?_?(?:19)?84|gps", re.IGNORECASE)),
    ("local", re.compile(r"地方坐标|城市坐标|独立坐标|上海城建|城市独立", re.IGNORECASE)),
)


# Headings that end in 名 or 名称 and name something else than the row: its class, its owner, a person, a rank.
_OF_ANOTHER: Final = re.compile(
    r".*姓名|(?:排|姓|域|署|用户|文件|图层|字段|地类|类型|类别|分类|大类|中类|小类|行业|门类|产品|商品|品牌|权利人|使用权人|权属|权属单位|权属性质|坐落|"
    r"坐落单位|用途|土地用途|性质|等级|级别|状态|国家|省|省份|市|城市|区|县|区县|镇|街道|乡镇|村|行政区|政区|集团|母公司|法人|法定代表人|负责人|"
    r"联系人|街路|坐标系|图幅)(?:名|名称)"
)
# What may name the row where nothing does: asked about, never taken.
_OFFERED: Final = re.compile(
    r"zldwmc|qsdwmc|qlrmc|坐落单位名称|权属单位名称|.{0,8}(?:编号|编码|代码|号|bh|bsm|dm)", re.IGNORECASE
)
_ONLY_DISTRICTS: Final = frozenset({"区县名称", "行政区名称", "xzqmc"})


_STATES: Final = re.compile(r"(?:企业|主体|市场主体|工商|公司|单位)?(?:登记|经营|存续|注册)?(?:状态|状况)")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column of the file means what: `roles` from meaning to column, `extras` are kept under their own names."""

    roles: Mapping[str, str]
    extras: tuple[str, ...]

    def rows(self) -> list[dict[str, str]]:
        """One row for each column of the file: what it is taken for."""
        taken = [{"column": column, "means": role} for role, column in self.roles.items()]
        return taken + [{"column": column, "means": "kept as it is"} for column in self.extras]


def plain_name(header: str) -> str:
    """A heading without brackets, blanks and signs, in lower case and half width.

    >>> plain_name("经度（GCJ-02）*")
    '经度'
    """
    text = halfwidth(header).lower()
    return _NOISE.sub("", _UNIT.sub("", text)) or _NOISE.sub("", text)


def is_state(header: str) -> bool:
    """Whether a heading is that of the state of a firm in the register.

    >>> is_state("登记状态"), is_state("建设状态")
    (True, False)
    """
    return _STATES.fullmatch(plain_name(header)) is not None


def roles_of(kind: str | None) -> frozenset[str]:
    """What a column of a table of this kind may mean; of any kind, where None."""
    own = {column.name for one in (LAYER_KINDS if kind is None else (kind,)) for column in LAYER_COLUMNS[one]}
    spatial = {"lon", "lat", "x", "y", "xy", "wkt", "datum", "serial"}
    return frozenset(own | spatial | ({"park", "business"} if kind in {None, "enterprises", "facilities"} else set()))


def meaning(header: str, kind: str | None, *, cut: bool = False) -> str | None:
    """What a heading means by itself, or None; `cut` lets a heading be the first ten bytes of a known one."""
    allowed = roles_of(kind)
    exact = halfwidth(header)
    if exact in allowed:
        return exact
    name = plain_name(header)
    for role, aliases in _ALIASES.items():
        if role in allowed and name in {plain_name(alias) for alias in aliases}:
            return None if name in _ONLY_DISTRICTS and kind not in {None, "districts"} else role
    for wkind, nouns in (("lon", ("经度",)), ("lat", ("纬度",))):
        if any(noun in name for noun in nouns) and len(name) <= 10 and "经纬度" not in name:
            return wkind
    # 企业坐标, 所在地经纬度 …: what looks like a position is read or refused, never kept as mere text.
    if "xy" in allowed and len(name) <= 10 and name.endswith(("坐标", "经纬度")) and not _NO_PAIR.match(name):
        return "xy"
    if cut and name:
        for role, aliases in _ALIASES.items():
            if role in allowed and any(_is_cut(name, plain_name(alias)) for alias in aliases):
                return role
        for role in sorted(allowed):
            if len(header) == 10 and role.startswith(header.lower()):
                return role
    return None


def _is_cut(name: str, alias: str) -> bool:
    """Whether a name is what ten bytes leave of an alias, in UTF-8 or GBK."""
    return (
        name != alias
        and alias.startswith(name)
        and any(
            len(alias.encode(encoding)) > 10 and 8 < len(name.encode(encoding)) <= 10 for encoding in ("utf-8", "gbk")
        )
    )


def recognise(
    header: Sequence[str],
    kind: str,
    given: Mapping[str, str] | None = None,
    *,
    cut: bool = False,
    datum: str | None = None,
    where: str = "the file",
) -> ColumnMap:
    """Say what each column of a table means.

    Args:
        header: the headings, as written.
        kind: the kind of layer that the table becomes.
        given: what the user says: meaning -> heading; it goes before what is recognised. An empty heading: none.
        cut: headings may be cut to ten bytes (dBASE).
        datum: the datum that the user says; it chooses between coordinates whose headings name several.
        where: what to call the file in messages.

    Raises:
        UsageError: a meaning is not known, a heading is not in the table, or coordinates are there in several datums
            and neither `given` nor `datum` says which are meant.
    """
    given = dict(given or {})
    allowed = roles_of(kind)
    for role, column in given.items():
        if role not in allowed:
            raise UsageError(
                f"--map {role}={column}: a {kind} table has no {role!r}; allowed: {', '.join(sorted(allowed))}"
            )
        if column and column not in header:
            raise UsageError(f"--map {role}={column}: the file has no column {column!r}; it has: {', '.join(header)}")
    roles: dict[str, str] = {role: column for role, column in given.items() if column}
    taken = set(roles.values())
    meanings = [(meaning(column, kind, cut=cut), column) for column in header]
    known = [(role, column) for role, column in meanings if role is not None]
    for role in sorted(COORDINATES - set(given)):
        known = _of_one_datum(role, known, datum, where)
    known += _latitude_and_longitude(header, known, allowed)
    for role, column in sorted(known, key=lambda item: _rank(*item)):
        if column not in taken and role not in given and role not in roles:
            roles[role] = column
            taken.add(column)
    titles = [column for column in header if column not in taken and _is_title(column)]
    if "name" not in roles and "name" not in given and len(titles) == 1:
        roles["name"] = titles[0]
        taken.add(titles[0])
    order = [role for column in header for role, chosen in roles.items() if chosen == column]
    extras = tuple(column for column in header if column not in taken)
    return ColumnMap({role: roles[role] for role in order}, extras)


def _of_one_datum(role: str, known: list[tuple[str, str]], datum: str | None, where: str) -> list[tuple[str, str]]:
    """What is known, with the columns of one datum alone where headings name several (高德经度 beside 百度经度)."""
    columns = [column for other, column in known if other == role]
    named = {column: found[0][0] for column in columns if (found := datum_hints([column]))}
    wanted = None if datum is None else str(parse_datum(datum))
    fitting = [column for column in columns if named.get(column) == wanted] if wanted is not None else []
    # Beside those of another datum, the ones that name none may be of the one that is said.
    fitting = fitting or [column for column in columns if column not in named]
    if not fitting and len(set(named.values())) > 1:
        shown = ", ".join(f"{column} ({says})" for column, says in named.items())
        ways = " or ".join(f"--datum {says}" for says in dict.fromkeys(named.values()))
        raise UsageError(f"{where} has coordinates in several datums: {shown}; say {ways}, or --map {role}=COLUMN")
    return [(other, column) for other, column in known if other != role or not fitting or column in fitting]


def _latitude_and_longitude(
    header: Sequence[str], known: Sequence[tuple[str, str]], allowed: Collection[str]
) -> list[tuple[str, str]]:
    """The columns B and L of a surveyor's table, where both are there and nothing else says where its rows are."""
    if {role for role, _ in known} & (COORDINATES | {"wkt"}) or not {"lon", "lat"} <= set(allowed):
        return []
    found = {plain_name(column).removeprefix("大地"): column for column in reversed(header)}
    return [("lon", found["l"]), ("lat", found["b"])] if {"b", "l"} <= set(found) else []


def _is_title(column: str) -> bool:
    name = plain_name(column)
    return name.endswith(("名称", "名")) and _OF_ANOTHER.fullmatch(name) is None


def may_name(header: Sequence[str]) -> list[str]:
    """The headings that may hold the name of a row where none says so; they are offered, never taken.

    >>> may_name(["BSM", "DLMC", "ZLDWMC"])
    ['ZLDWMC']
    """
    found = [column for column in header if _OFFERED.fullmatch(plain_name(column)) or _is_title(column)]
    named = [column for column in found if plain_name(column).endswith(("mc", "名", "名称"))]
    return named or found


def _rank(role: str, column: str) -> int:
    """The better of two columns of one meaning comes first: the order of the aliases is their order of rank."""
    if role not in _ALIASES or halfwidth(column) == role:
        return 0
    plain = [plain_name(alias) for alias in _ALIASES[role]]
    name = plain_name(column)
    return 1 + plain.index(name) if name in plain else 99


def datum_hints(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The datums that headings or titles name, each with the text that names it."""
    return [(datum, text) for text in texts for datum, pattern in _DATUM_WORDS if pattern.search(halfwidth(text))]
