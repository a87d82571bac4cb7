"""The pages: in which group each stands, and where their files are, in a checkout as in an installed wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
PAGES = next((folder for folder in (PACKAGE / "_pages", PACKAGE.parent / "pages") if folder.is_dir()), PACKAGE)
MENU = {
    "Health": {
        "overview": "Overview",
        "performance": "Performance",
        "calibration": "Calibration",
        "service": "Service",
        "drift": "Drift",
        "data": "Data",
    },
    "Fairness": {"fairness": "Fairness", "groups": "Groups", "what_if": "What-if", "reports": "Reports"},
    "People": {"cases": "Cases", "review_queue": "Queue", "signoff": "Sign-off"},
    "Record": {"audit": "Audit"},
}
FIRST = "overview"


def file(page: str) -> Path:
    """Returns the file of a page."""
    return PAGES / f"{page}.py"


def address(page: str) -> str:
    """Returns a page's path in the URL; the first page has none."""
    return "" if page == FIRST else page


def pages() -> dict[str, dict[str, str]]:
    """Returns the menu without what has no file: an empty page is not shown."""
    there = {
        group: {name: title for name, title in names.items() if file(name).is_file()} for group, names in MENU.items()
    }
    return {group: names for group, names in there.items() if names}
