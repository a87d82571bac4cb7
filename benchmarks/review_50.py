"""How long the machine keeps a reviewer waiting: fifty cases of the queue answered by keys in a real Chromium.

    python benchmarks/review_50.py WORKSPACE          # a copy: it writes into its ledger

A case is two keys: the own answer (1), then kept (K). Measured is from the first key to the next case settled:
overhead, since no time is spent on reading. The sample's workspace is made by `evenhand demo --build-only`.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
CASES = 50
OWN = re.compile(r"^Yes\b")  # not "Keep Yes"


def drawn(workspace: Path) -> None:
    """Does draw the cases that are reviewed."""
    os.environ["EVENHAND_WORKSPACE"] = str(workspace)
    from dashboard.metrics.audit_sample import Shares
    from dashboard.review import roles
    from dashboard.ui import review_draw
    from dashboard.ui.state import ALL, Scope
    from dashboard.workspace import Workspace

    model = Workspace(workspace).models()[0]
    held = Workspace(workspace).model(model).extent()
    scope, shares = Scope(model, None, f"{held.first}..{held.last}" if held else ALL, None), Shares(1.0, 0.0, 0.0)
    items, frame = review_draw.drawn(scope, review_draw.Wanted(CASES + 5, shares, 0.0, seed=1))
    review_draw.queue(model, roles.typed("Pia Moreau"), items, frame, shares)


def reviewed(workspace: Path) -> list[float]:
    """Returns the seconds from the first key to the next card, of each case."""
    from playwright.sync_api import sync_playwright

    from tests.browser.probe import CHROMIUM, FLAGS, SETTLED, serving

    took = []
    with serving(workspace) as url, sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page()
        page.goto(f"{url}/review_queue")
        page.wait_for_function(SETTLED, timeout=60_000, polling=50)
        page.get_by_label("Who reviews?").fill("Ada Osei")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Take the first case").click()
        for _ in range(CASES):
            page.get_by_role("button", name=OWN).wait_for()
            page.wait_for_function(SETTLED, timeout=60_000, polling=50)
            started = time.perf_counter()
            page.keyboard.press("1")
            page.get_by_role("button", name="Keep").wait_for()
            page.wait_for_function(SETTLED, timeout=60_000, polling=50)
            page.keyboard.press("k")
            page.get_by_role("button", name=OWN).wait_for()
            page.wait_for_function(SETTLED, timeout=60_000, polling=50)
            took.append(time.perf_counter() - started)
    return took


if __name__ == "__main__":
    drawn(Path(sys.argv[1]))
    seconds = sorted(reviewed(Path(sys.argv[1])))
    middle = statistics.median(seconds)
    slow = f"{seconds[-3]:.1f} s in 95 of 100, {seconds[-1]:.1f} s at most"
    print(f"{len(seconds)} cases: {middle:.1f} s in the median, {slow}")
    print("Of each 0.8 s is the measuring: a page counts as settled after 0.4 s of quiet, and there are two.")
