"""Script time of every page, and the command line's start-up, on the rollup that benchmarks/rollup.py leaves.

    python benchmarks/pages.py FOLDER/rollup-5000000/workspace [--rounds 5]

Pages run under Streamlit's own runner, in this process: the first view with nothing cached, then another window or
attribute each time, so that what is cached by page and scope is not met again. Aims: under 300 ms in the median, a
first view under 1.5 s; `evenhand --help` under 0.3 s, `evenhand readings` under 1.5 s, the start of Python included.

The time is the script's own; beside it that of the whole run, in which the test runner also compiles the page and
reads back what was drawn. Processor time is the script's thread alone: it says more where others use the machine.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.testing.v1 import AppTest

import dashboard.charts
import dashboard.report.pictures  # this and the charts the server imports while it starts
import dashboard.ui
from dashboard.policy.proposal import propose
from dashboard.ui import menu
from dashboard.workspace import Model, Workspace

ENTRY = Path(dashboard.ui.__file__).with_name("app.py")


VIEWS = {
    "performance": ["", "Before labels", "Versions", "Why it changed", "Labels"],
    "fairness": ["By group", "All metrics", "Over time", "Mix against rate", "Before labels", "In one number"],
    "groups": ["Crossed", "Worst groups", "Scores", "Who is served"],
    "reports": ["", "Local Law 144"],
    "service": ["", "Load", "Promise", "Energy and cost"],
}
VIEWED_BY = {"reports": "report"}  # the parameter that names a page's view, where it is not `view`


def prepared(workspace: Path) -> Model:
    """Returns the model, with a policy so that pages judge as they would."""
    model = Workspace(workspace).model("five-million")
    if not model.paths.policy.is_file():
        held = model.extent()
        model.paths.policy.write_text(propose(model.contract, held.first, held.last), encoding="utf-8")
        model = Workspace(workspace).model("five-million")
        model.rollup()
    return model


@dataclass(frozen=True)
class Times:
    """Milliseconds of one view: the script's, the whole run's, the processor's in the script's thread."""

    script: float
    run: float
    processor: float


def watched() -> list[tuple[float, float]]:
    """Returns a list to which every script that is run from now on adds its time and its processor time."""
    found: list[tuple[float, float]] = []
    original = ScriptRunner._run_script

    def timed(self: ScriptRunner, *given: Any, **named: Any) -> None:
        start, busy = time.perf_counter(), time.thread_time()
        try:
            original(self, *given, **named)
        finally:
            found.append((time.perf_counter() - start, time.thread_time() - busy))

    ScriptRunner._run_script = timed  # type: ignore[method-assign]
    return found


def run(app: AppTest, scripts: list[tuple[float, float]]) -> Times:
    """Returns the times of one view."""
    scripts.clear()
    start = time.perf_counter()
    app.run()
    whole = time.perf_counter() - start
    assert not app.exception, app.exception[0].message
    assert not any("could not be shown" in element.proto.body for element in app.get("html"))
    script, processor = (sum(part) for part in zip(*scripts, strict=True))
    return Times(1000 * script, 1000 * whole, 1000 * processor)


def page_times(page: str, scopes: list[dict[str, str]], scripts: list[tuple[float, float]]) -> list[Times]:
    """Returns the times of a page's first view and of its views of other scopes."""
    st.cache_data.clear()
    st.cache_resource.clear()
    times: list[Times] = []
    for scope in scopes:
        app: Any = AppTest.from_file(str(ENTRY), default_timeout=120)
        app.query_params.update(scope)
        if page != menu.FIRST:
            app.switch_page(str(menu.file(page)))
        times.append(run(app, scripts))
    return times


def command(*words: str) -> float:
    """Returns the seconds of one command, the start of Python included."""
    start = time.perf_counter()
    subprocess.run([Path(sys.executable).with_name("evenhand"), *words], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    logging.disable(logging.WARNING)  # Streamlit says at every run that no server is there
    os.environ["EVENHAND_WORKSPACE"] = str(args.workspace)
    model = prepared(args.workspace)
    windows = [f"{w.since}..{w.until}" for w in model.plan().by_log.windows]
    attributes = model.contract.attribute_names
    scopes = [
        {"window": windows[i % len(windows)], "attribute": attributes[i % len(attributes)]}
        for i in range(args.rounds + 1)
    ]
    scopes[0] = {}
    scripts = watched()
    for page, view in (
        (name, view) for names in menu.pages().values() for name in names for view in VIEWS.get(name, [""])
    ):
        asked_for = [scope | ({VIEWED_BY.get(page, "view"): view} if view else {}) for scope in scopes]
        first, *later = page_times(page, asked_for, scripts)
        script, whole, processor = (
            statistics.median(getattr(times, name) for times in later) for name in ("script", "run", "processor")
        )
        print(
            f"{view or page:15} first view {first.script:5.0f} ms, then {script:4.0f} ms in the median"
            f" ({processor:4.0f} ms of the processor; {whole:4.0f} ms with the test runner)"
        )
    asked = ("readings", "five-million", "--metric", "true_positive_rate", "--attribute", "race", "--format", "json")
    for words in (("--help",), asked):
        seconds = statistics.median(command(*words) for _ in range(args.rounds))
        print(f"evenhand {' '.join(words)}: {seconds:.2f} s")


if __name__ == "__main__":
    main()
