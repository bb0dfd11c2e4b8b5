"""Make firms, zones and roads like a real district's, the same ones for every run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

PLACES = ("上海", "嘉定", "安亭", "外冈", "南翔", "马陆", "江苏", "昆山", "太仓", "苏州", "浙江", "杭州")
FIRST = (
    "安博创达德迪鼎东方飞丰富高冠光广国海航和恒宏华汇佳建捷金锦晶景巨凯康科朗力联龙隆美明诺鹏普启千庆"
    "荣瑞润赛三森尚申盛世顺思泰腾天通同威伟文祥新鑫兴旭雅亚扬一亿易益英永优友宇远越云泽展振正志智中众卓"
)
TRADES = (
    "汽车零部件",
    "新能源科技",
    "智能科技",
    "汽车电子",
    "电子科技",
    "精密机械",
    "自动化设备",
    "新材料",
    "半导体",
    "软件",
    "物流",
    "汽车销售",
    "检测技术",
    "动力系统",
    "氢能源",
)
FORMS = ("有限公司", "有限公司", "有限公司", "股份有限公司", "（上海）有限公司", "集团有限公司", "有限公司嘉定分公司")
LINKS = (
    "整车",
    "零部件",
    "三电与动力电池",
    "氢能与燃料电池",
    "智能驾驶与传感",
    "软件与车联网",
    "汽车电子",
    "芯片与集成电路",
    "智能装备",
    "新材料",
    "储能",
    "研发与检测",
    "出行与物流",
    "贸易与后市场",
    "医疗健康",
    "园区服务",
)
WEST, SOUTH, EAST, NORTH = 121.08, 31.22, 121.38, 31.48


def firms(n: int, seed: int = 7) -> pd.DataFrame:
    """Firms in clusters over a district 30 km wide: `name`, `lon`, `lat` (WGS 84), `link`."""
    rng = np.random.default_rng(seed)
    clusters = rng.uniform((WEST + 0.03, SOUTH + 0.03), (EAST - 0.03, NORTH - 0.03), (40, 2))
    home = rng.integers(0, len(clusters), n)
    spread = rng.uniform(0.004, 0.02, len(clusters))[home][:, None]
    position = clusters[home] + rng.normal(0, 1, (n, 2)) * spread
    even = rng.random(n) < 0.3
    position[even] = rng.uniform((WEST, SOUTH), (EAST, NORTH), (int(even.sum()), 2))
    position = np.clip(position, (WEST, SOUTH), (EAST, NORTH))
    letters = np.array(list(FIRST))
    core = np.char.add(letters[rng.integers(0, len(letters), n)], letters[rng.integers(0, len(letters), n)])
    parts = (np.array(words)[rng.integers(0, len(words), n)] for words in (PLACES, TRADES, FORMS))
    place, trade, form = parts
    names = np.char.add(np.char.add(place, core), np.char.add(trade, form))
    weights = np.arange(len(LINKS), 0, -1) ** 1.3
    links = np.array(LINKS)[rng.choice(len(LINKS), n, p=weights / weights.sum())]
    return pd.DataFrame({"name": names, "lon": position[:, 0].round(6), "lat": position[:, 1].round(6), "link": links})


def zones(seed: int = 3) -> list[tuple[str, shapely.Polygon]]:
    """Twelve parks of 1 to 12 km²."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(12):
        x, y = rng.uniform((WEST + 0.03, SOUTH + 0.03), (EAST - 0.03, NORTH - 0.03))
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        reach = rng.uniform(0.006, 0.022) * rng.uniform(0.75, 1.25, 24)
        ring = np.stack([x + reach * np.cos(angles), y + reach * 0.85 * np.sin(angles)], axis=1)
        found.append((f"园区{i + 1}号", shapely.Polygon(ring.round(6))))
    return found


def roads(seed: int = 5) -> list[tuple[str, shapely.LineString]]:
    """Thirty test roads of a few kilometres."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(30):
        start = rng.uniform((WEST + 0.02, SOUTH + 0.02), (EAST - 0.02, NORTH - 0.02))
        steps = np.cumsum(rng.normal(0, 0.004, (12, 2)) + rng.normal(0, 0.003, 2), axis=0)
        found.append((f"测试路{i + 1}", shapely.LineString((start + steps).round(6))))
    return found
