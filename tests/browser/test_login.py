"""Signing in, end to end: a real provider, a real browser; who may do what, how long, and what a signature takes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.review.ledger import Ledger
from tests.browser.probe import SETTLED, serving
from tests.browser.provider import describe, provider

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with provider(tmp_path_factory.mktemp("provider") / "log") as address:
        yield address


@pytest.fixture(scope="module")
def place(sample: Path, tmp_path_factory: pytest.TempPathFactory, idp: str) -> Path:
    folder = tmp_path_factory.mktemp("login") / "workspace"
    shutil.copytree(sample, folder)
    (folder / "ledger.sqlite").unlink(missing_ok=True)
    describe(folder, idp)
    return folder


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    with serving(place) as url:
        yield url


def settle(page: Any) -> Any:
    page.wait_for_function(SETTLED, timeout=60_000, polling=100)
    return page


def enter(page: Any, subject: str, button: str = "Sign in") -> Any:
    """Does sign in at the provider as one of its users, and wait for the page that comes back."""
    settle(page).get_by_role("button", name=button, exact=True).click()
    page.wait_for_selector("input[name=sub]", timeout=30_000).fill(subject)
    page.locator("input[name=sub]").press("Enter")
    page.wait_for_selector('[data-testid="stApp"]', timeout=30_000)
    return settle(page)


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def flag(page: Any) -> None:
    page.get_by_label("Comment").fill("septic on arrival")
    page.get_by_role("button", name="Flag this case").click()
    settle(page)


def test_nobody_sees_anything_before_signing_in(page: Any, address: str) -> None:
    page.goto(f"{address}/fairness?attribute=sex")
    settle(page)
    assert page.locator("h1").inner_text() == "Sign in to see this workspace."
    assert page.locator('[data-testid="stPlotlyChart"]').count() == 0


def test_signing_in_leads_back_to_the_page_and_its_question(page: Any, address: str) -> None:
    page.goto(f"{address}/fairness?attribute=sex")
    enter(page, "ada")
    assert "/fairness?" in page.url
    assert "attribute=sex" in page.url
    assert page.get_by_text("Ada Osei, expert and reviewer").is_visible()


def test_who_has_no_role_sees_nothing(page: Any, address: str) -> None:
    page.goto(address)
    enter(page, "noah")
    assert page.locator("h1").inner_text() == "Noah Silva has no role in this workspace."


def test_an_expert_flags_under_the_logins_name_and_a_viewer_may_not(page: Any, address: str, place: Path) -> None:
    page.goto(f"{address}/cases")
    enter(page, "vic")
    open_first_case(page)
    flag(page)
    assert page.get_by_text("Vic Tanaka has viewer").is_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_timeout(500)
    page.goto(f"{address}/cases")
    enter(page, "ada")
    open_first_case(page)
    flag(page)
    assert page.get_by_text("Flagged. Act 1 of the record.").is_visible()
    (recorded,) = Ledger(f"sqlite:///{place / 'ledger.sqlite'}").events(kind="flagged")
    assert (recorded.event.actor, recorded.event.role, recorded.event.verified) == ("Ada Osei", "reviewer", True)
    assert recorded.event.identity.endswith("|ada")


def open_first_case(page: Any) -> None:
    box = settle(page).get_by_label("Case", exact=True)
    box.focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        box.press(key)
    settle(page)


def sign(page: Any) -> None:
    page.get_by_label("Anything else about why").fill("Known, and watched.")
    for box in page.locator('[class*="st-key-sign-waiver"] input').all():
        box.fill("Not asked for in the first release")
        box.press("Enter")
        settle(page)
    page.get_by_text("I have read the findings and I answer for this.", exact=True).click()
    page.get_by_role("button", name="Sign: approve").click()
    settle(page)


def test_a_signature_takes_a_fresh_login_and_each_login_signs_once(page: Any, address: str, place: Path) -> None:
    page.goto(f"{address}/signoff")
    enter(page, "grace")
    sign(page)
    assert page.get_by_text("Signed. Act").is_visible()
    recorded = Ledger(f"sqlite:///{place / 'ledger.sqlite'}").events(kind="signed")[0]
    assert recorded.event.verified
    assert recorded.event.role == "compliance"
    page.goto(f"{address}/signoff?version=v1")
    settle(page)
    sign(page)
    assert page.get_by_text("This login was used for a signature already").is_visible()
    assert len(Ledger(f"sqlite:///{place / 'ledger.sqlite'}").events(kind="signed")) == 1


def test_a_login_of_long_ago_has_to_be_renewed_to_sign(page: Any, address: str) -> None:
    page.goto(f"{address}/signoff")
    enter(page, "old")
    assert page.get_by_text("A signature takes a login of the last minutes.").is_visible()
    assert page.get_by_role("button", name="Sign: approve").count() == 0
    enter(page, "pia", button="Sign in again to sign")
    assert "/signoff" in page.url
    assert page.get_by_role("button", name="Sign: approve").is_visible()


def test_signing_out_in_one_tab_ends_it_in_the_other(page: Any, address: str) -> None:
    page.goto(f"{address}/drift")
    enter(page, "ada")
    other = page.context.new_page()
    other.goto(f"{address}/cases")
    settle(other)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_timeout(500)
    other.get_by_label("Show", exact=True).click()
    other.get_by_role("option").last.click()
    settle(other)
    assert other.locator("h1").inner_text() == "You signed out. Sign in again to go on."


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"idle_minutes": 0.03}, "Nothing happened for 1.8 seconds, so your session has ended."),
        ({"session_hours": 0.0005}, "Your session has ended: it lasts 1.8 seconds."),
    ],
)
def test_an_idle_and_an_old_session_end(
    page: Any, address: str, place: Path, idp: str, limits: dict[str, float], said: str
) -> None:
    page.goto(f"{address}/service")
    enter(page, "ada")
    try:
        describe(place, idp, **limits)
        time.sleep(2.1)
        page.reload()
        settle(page)
        assert page.locator("h1").inner_text() == f"{said} Sign in again to go on."
    finally:
        describe(place, idp)
