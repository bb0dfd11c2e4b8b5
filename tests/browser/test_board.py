"""In a browser, with its fonts, no word of a board leaves its card or the sheet."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from gis.measures.chain import chain
from gis.model.project import load_project
from gis.views.board import Picture, board
from tests import ROOT

pytestmark = pytest.mark.browser

OUTSIDE = """() => {
  const sheet = document.querySelector('svg').getBoundingClientRect()
  const out = []
  for (const text of document.querySelectorAll('svg text')) {
    const box = text.getBoundingClientRect()
    const group = text.closest('g')
    const room = group ? group.querySelector('rect').getBoundingClientRect() : sheet
    const inside = box.left >= room.left && box.right <= room.right + 0.5
      && box.top >= room.top && box.bottom <= room.bottom + 0.5
    if (!inside) out.push(text.textContent)
  }
  return out
}"""


@pytest.mark.parametrize("city", ["jiading", "hangzhou", "huli"])
def test_no_word_leaves_its_card(browser: Browser, city: str) -> None:
    project = load_project(ROOT, cities=[city])
    result = chain(project, city)
    page = browser.new_page(viewport={"width": 1280, "height": 905})
    for lang in ("zh", "en"):
        for picture in Picture:
            page.set_content(board(project, result, picture, lang=lang).decode())
            assert page.evaluate(OUTSIDE) == [], (lang, picture)
    page.close()
