"""Every page from the real server in a real Chromium: light and dark, wide and narrow, quiet and accessible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from dashboard.ui import menu
from tests.browser.probe import Visit, serving, visiting

pytestmark = pytest.mark.browser
PAGES = {name: title for names in menu.MENU.values() for name, title in names.items()}
# Streamlit's own, not ours: the narrow menu's list, and its search for a base path on every page but the first.
NOT_OURS = {"list": "stSidebarNav", "listitem": "stSidebarNav"}
HARMLESS = ("_stcore/health", "_stcore/host-config")


@pytest.fixture(scope="module")
def address(sample: Path) -> Iterator[str]:
    with serving(sample) as url:
        yield url


def violations(page: Any) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{broken['id']}: {node['html'][:200]}"
        for broken in found
        for node in broken["nodes"]
        if not (broken["id"] in NOT_OURS and page.locator(f"[data-testid^={NOT_OURS[broken['id']]}]").count())
    ]


def complaints(visit: Visit) -> list[str]:
    return [said for said in visit.complaints if not any(known in said for known in HARMLESS)]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_quiet_accessible_and_fits_a_phone(name: str, dark: bool, address: str, browser: Any) -> None:
    with visiting(browser, f"{address}/{menu.address(name)}", dark) as visit:
        assert visit.page.title() == PAGES[name]
        assert visit.page.locator("h1").count() == 1
        assert visit.page.locator('[data-testid="stException"]').count() == 0
        assert visit.page.get_by_text("could not be shown").count() == 0
        assert violations(visit.page) == []
        visit.page.set_viewport_size({"width": 390, "height": 900})
        visit.settle()
        assert visit.page.evaluate("document.scrollingElement.scrollWidth") <= 390
        assert violations(visit.page) == []
        assert (visit.elsewhere, complaints(visit)) == ([], [])


def test_what_is_chosen_on_one_page_holds_on_the_next_and_in_the_link(address: str, browser: Any) -> None:
    with visiting(browser, f"{address}/?version=v2&attribute=site") as visit:
        visit.page.get_by_role("link", name="Drift →").first.click()
        visit.page.get_by_role("heading", level=1).filter(has_text="moved").wait_for()
        visit.settle()
        assert "version=v2" in visit.page.url
        assert "attribute=site" in visit.page.url
        assert "/drift" in visit.page.url


def test_every_picture_can_be_read_without_seeing_it(address: str, browser: Any) -> None:
    with visiting(browser, f"{address}/fairness?attribute=sex*age_band") as visit:
        pictures = visit.page.locator('[data-testid="stPlotlyChart"]')
        pictures.nth(1).wait_for()
        named = visit.page.get_by_role("figure")
        assert pictures.count() >= 2
        assert sum("F, 65+" in (named.nth(i).get_attribute("aria-label") or "") for i in range(named.count())) >= 2
