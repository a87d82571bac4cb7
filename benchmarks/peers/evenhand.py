"""Evenhand with policy.toml beside this file: what `evenhand check` would have said at the end of each week.

Intake and counting of the whole log come first. Every rule of the policy is judged, whatever its metric or kind: a rule
added there is compared with the peers without a change here.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import dashboard
from benchmarks.peers.data import CATEGORICAL, NUMERIC, REFERENCE, THRESHOLD, length, monday
from benchmarks.peers.runner import Alarm, run
from dashboard.policy import Schedule, check, read
from dashboard.report.judged import Plan, judged
from dashboard.workspace import Model, Workspace

POLICY = Path(__file__).with_name("policy.toml")


def contract() -> str:
    """Returns contract.toml of the streams."""
    kinds = dict.fromkeys(NUMERIC, "numeric") | dict.fromkeys(CATEGORICAL, "categorical")
    features = "".join(f'[features.{name}]\nkind = "{kind}"\n' for name, kind in kinds.items())
    roles = "".join(f'{role} = "{role}"\n' for role in ("id", "time", "score", "decision", "label"))
    model = f'[model]\nname = "stream"\ntask = "binary"\npositive = "1"\nthreshold = {THRESHOLD}\n'
    return f"{model}[columns]\n{roles}{features}"


def counted(path: Path) -> Model:
    """Returns the model whose log is the stream, taken in and counted anew."""
    workspace = path.with_suffix(".workspace")
    shutil.rmtree(workspace, ignore_errors=True)
    folder = workspace / "models" / "stream"
    folder.mkdir(parents=True)
    (folder / "contract.toml").write_text(contract(), encoding="utf-8")
    shutil.copy(POLICY, folder / "policy.toml")
    model = Workspace(workspace).model("stream")
    model.ingest([path])
    model.rollup()
    return model


def known(schedule: Schedule, until: date) -> Schedule:
    """Returns the schedule as it was when a day began: windows that had ended."""
    windows, drift = (tuple(w for w in each if w.until <= until) for each in (schedule.windows, schedule.drift_windows))
    return replace(schedule, windows=windows, drift_windows=drift)


def alarms(model: Model, until: date) -> Iterator[Alarm]:
    """Yields what was outside at the end of a week: the kind of rule, and the feature or else the metric."""
    assert model.policy is not None
    whole = model.plan()
    plan = Plan(known(whole.by_log, until), known(whole.by_labels, until))
    for finding in check(model.policy, judged(model.source(), model.policy, plan)):
        if finding.state == "outside":
            yield way(finding.kind), finding.feature or finding.metric


def way(kind: str) -> str:
    """Returns what the comparison calls the rules of one kind."""
    return f"{kind} rules"


def judge(path: Path) -> Iterator[list[Alarm]]:
    model = counted(path)
    yield []
    for week in range(REFERENCE, length(path)):
        yield list(alarms(model, monday(week + 1)))
    shutil.rmtree(path.with_suffix(".workspace"))


if __name__ == "__main__":
    kinds = dict.fromkeys(rule.kind for rule in read(POLICY).rules)
    run("Evenhand", dashboard.__version__, [way(kind) for kind in kinds], judge)
