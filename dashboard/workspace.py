"""The facade: a workspace and its models, from Python as from the command line and the pages.

>>> from dashboard import Workspace
>>> Workspace("nowhere").models()
[]
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard import bins, ingest, log, report, settings, workspace_events
from dashboard import contract as contracts
from dashboard import policy as policies
from dashboard import rollup as rollups
from dashboard.cases import Filters, case, cases
from dashboard.contract import Contract
from dashboard.contract.history import remember as remember_contract
from dashboard.errors import EvenhandError, nearest
from dashboard.log import Record
from dashboard.policy import Finding, Policy, Window, history, split
from dashboard.report import COLUMNS, KINDS, Reading, Scope, Source, versions
from dashboard.report.extent import Extent, extent
from dashboard.report.judged import Plan, judged, plan
from dashboard.rollup import Built, publishing
from dashboard.rollup.counting import Progress
from dashboard.rollup.then import as_of
from dashboard.settings import ModelPaths
from dashboard.store import Snapshot
from dashboard.workspace_why import Why

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.report.worst_groups import WorstGroups


class Workspace:
    """One workspace directory; without a path EVENHAND_WORKSPACE, else ./workspace."""

    def __init__(self, path: str | Path | None = None) -> None:
        self.settings = settings.read(path)

    def models(self) -> list[str]:
        """Returns the names of the models that have a contract."""
        return self.settings.models()

    def model(self, name: str) -> Model:
        """Returns a model; raises EvenhandError, naming the nearest, where there is none of that name."""
        paths = self.settings.model(name)
        if not paths.contract.is_file():
            known = self.models()
            raise EvenhandError(
                f"There is no model '{name}' in {self.settings.workspace}",
                todo=nearest(name, known) if known else f"Make one: evenhand init {name} FILE",
            )
        return Model(paths, self.settings)


class Model(Why):
    """One model: its contract and policy, its log, its newest rollup. Threads may share it.

    With `on` what it says is what was known when that day began.
    """

    def __init__(self, paths: ModelPaths, given: settings.Settings, on: date | None = None) -> None:
        self.paths = paths
        self.settings = given
        self.on = on
        self._open: dict[tuple[int, int], Source] = {}
        self._past: dict[date, Model] = {}
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self.paths.name

    @cached_property
    def contract(self) -> Contract:
        """The contract, read once."""
        found = contracts.read(self.paths.contract)
        if found.name != self.name:
            raise EvenhandError(
                f"{self.paths.contract} says its model is '{found.name}'",
                f"It lies in the directory of '{self.name}'",
                "Correct name in [model], or move the directory",
            )
        return found

    @cached_property
    def policy(self) -> Policy | None:
        """The policy, read once; None where there is no policy.toml."""
        return policies.read(self.paths.policy, self.contract) if self.paths.policy.is_file() else None

    # What comes in

    def log(self, frame: Any, key: str | None = None) -> ingest.Receipt:
        """Does take predictions from a pandas, polars or Arrow table into the log; the same key is taken in once."""
        return ingest.frame(self.paths, self.contract, frame, key)

    def log_labels(self, frame: Any, key: str | None = None) -> ingest.Receipt:
        """Does take labels from a table into the log."""
        return ingest.frame(self.paths, self.contract, frame, key, kind="labels")

    def ingest(self, files: Sequence[str | Path], labels: bool = False, **options: Any) -> list[ingest.Receipt]:
        """Does take files into the log: predictions, or labels that came later."""
        take = ingest.labels if labels else ingest.predictions
        return take(self.paths, self.contract, files, **self.settings.limits, **options)

    def batches(self) -> list[Record]:
        """Returns what was delivered, in order of arrival."""
        return log.read_records(self.paths.log)

    def rollup(self, everything: bool = False, progress: Progress = lambda done, total: None) -> Built:
        """Does count what is new in the log and publish a new rollup."""
        reference = self.policy.windows.reference if self.policy else None
        owner = (reference.since, reference.until) if reference else None
        history.remember(self.paths.policies, self.policy)
        remember_contract(self.paths.contracts, self.contract)
        return rollups.build(self.paths, self.contract, owner, everything, progress, **self.settings.limits)

    # What it says

    def as_of(self, on: date) -> Model:
        """Returns the model as it was known when a day began: predictions of earlier days, labels known by then.

        Its contract, policy and bins are today's. The last two days that were asked for are kept.
        """
        with self._lock:
            past = self._past.get(on) or Model(self.paths, self.settings, on)
            self._past = dict([*((day, kept) for day, kept in self._past.items() if day != on), (on, past)][-2:])
        return past

    def number(self) -> int:
        """Returns the newest rollup's number, 0 where there is none."""
        return (publishing.numbers(self.paths.rollup) or [0])[-1]

    def source(self) -> Source:
        """Returns the newest rollup with contract and bins; raises EvenhandError where nothing is counted yet."""
        number = self.number()
        if not number:
            raise EvenhandError(
                f"Nothing of model '{self.name}' has been counted yet", todo=f"Run: evenhand rollup {self.name}"
            )
        file = publishing.path(self.paths.rollup, number)
        key = number, file.stat().st_mtime_ns  # numbers restart when a rollup is deleted, and inodes come again
        with self._lock:
            if key not in self._open:
                self._open = {k: kept for k, kept in self._open.items() if k[0] == number - 1}
                self._open[key] = self._opened(file)
            return self._open[key]

    def _opened(self, file: Path) -> Source:
        snapshot = Snapshot(file)
        facts = snapshot.meta()
        if facts.get("code") != rollups.CODE:
            raise EvenhandError(
                f"The rollup of '{self.name}' was counted by another version of Evenhand",
                todo=f"Count it again, the log is untouched: evenhand rollup {self.name}",
            )
        frozen = bins.parse(facts["bins"])
        exact = replace(frozen, score_exact=facts["scores"] == "exact")
        newest = Source(snapshot, self.contract, exact, self.paths)
        if self.on is None:
            return newest
        with as_of(self.paths, self.contract, newest.bins, file, self.on, **self.settings.limits) as then:
            return replace(newest, snapshot=Snapshot(then))

    def behind(self) -> str | None:
        """Returns in what the rollup is behind the log or the contract, and what to do; None where in nothing."""
        snapshot = self.source().snapshot
        waiting = len({batch.batch for batch in self.batches()} - snapshot.batches())
        if snapshot.meta()["contract"] != self.contract.digest:
            found = "The contract changed after the rollup was counted"
        elif waiting:
            found = f"{waiting} batches of the log are not counted yet"
        else:
            return None
        return f"{found}. Run: evenhand rollup {self.name}"

    def extent(self) -> Extent:
        """Returns which days, rows and versions the newest rollup holds, and until when labels are complete."""
        return extent(self.source())

    def plan(self, policy: Policy | None = None) -> Plan:
        """Returns the windows that states are judged on, by the policy's schedule (or the default one)."""
        held = self.extent()
        rules = policy or self.policy or Policy("none", ())
        return plan(rules, held.first, held.last, held.complete_until)

    def scope(self, since: date | None = None, until: date | None = None, **asked: Any) -> Scope:
        """Returns a scope, what was not asked filled in: the whole log; drift and estimates begin after the reference.

        Without `until` and `by` what needs labels is read up to the day from which on they are still coming, unless
        `since` leaves no such day.
        """
        held = self.extent()
        reference = self.plan().by_log.reference
        kinds = asked.pop("kinds", None) or KINDS
        start, end = since or held.first, until or held.last + timedelta(days=1)
        if since is None and _after_reference(kinds, asked.get("metrics")) and reference and reference.until < end:
            start = reference.until
        if start >= end:
            raise EvenhandError(
                f"The window runs from {start} until {end}", "It must hold a day", "`until` is the day after it"
            )
        for name in ("version", "versus"):
            self.check_version(asked.get(name), held)
        windows = split(reference, (end - start).days) if reference else ()
        if until is None or asked.get("by"):
            open_end = until is None and not asked.get("by")
            asked["complete_until"] = held.complete_until
            asked["matured"] = open_end and start < held.complete_until < end
        return Scope(
            start,
            end,
            kinds=tuple(kinds),
            reference=(reference.since, reference.until) if reference else None,
            reference_windows=tuple((w.since, w.until) for w in windows),
            **asked,
        )

    def check_version(self, version: str | None, held: Extent) -> None:
        """Does refuse a version that the log does not have."""
        if version not in (None, "*", *held.versions):
            raise EvenhandError(f"The log has no version '{version}'", todo=nearest(str(version), held.versions))

    def readings(self, scope: Scope | None = None, **asked: Any) -> list[Reading]:
        """Returns the readings of a scope; `asked` are the arguments of `scope`."""
        return list(report.readings(self.source(), scope or self.scope(**asked)))

    def versus(
        self, champion: str, challenger: str, metrics: Sequence[str] | None = None, **asked: Any
    ) -> list[Reading]:
        """Returns how the challenger differs from the champion on one window, metric by metric: challenger - champion.

        `asked` are arguments of `scope`. Paired where both scored the same cases; each reading's method says so.
        """
        names = versions.metric_names(metrics)
        scope = self.scope(kinds=("performance",), metrics=names, version=challenger, versus=champion, **asked)
        report.check_names(self.contract, scope.attributes, None)
        return [found for part in scope.parts() for found in versions.version_readings(self.source(), part)]

    def worst_groups(
        self, metric: str | None = None, depth: int = 3, progress: Progress = lambda done, total: None, **asked: Any
    ) -> WorstGroups:
        """Returns the groups that a metric is clearly worst for, confirmed: see `report.worst_groups`.

        `asked` are arguments of `scope`. Days whose labels still come are left out, unless there are no others.
        """
        from dashboard.report.worst_groups import question, worst_groups

        which = question(self.source(), self.scope(**asked), self.extent().complete_until, metric, depth)
        minimum = (self.policy or Policy("none", ())).minimum_n
        return worst_groups(self.paths, self.source(), which, minimum, progress, self.on)

    def track_record(self, metric: str, windows: Sequence[Window] = (), **asked: Any) -> pd.DataFrame:
        """Returns past estimates of a metric beside what came, by window (else by week): see `report.track_record`."""
        from dashboard.report.track_record import track_record

        chosen = windows or self.plan().by_log.drift_windows
        return track_record(self.source(), self.scope(**asked), chosen, metric)

    def findings(self, window: Window | None = None) -> list[Finding]:
        """Returns what the policy says of its current windows, or of one scheduled window (`plan().every()`).

        Raises EvenhandError where there is no policy, and for a window that is not scheduled.
        """
        if self.policy is None:
            raise EvenhandError(
                f"Model '{self.name}' has no policy.toml",
                todo=f"`evenhand init` proposes one; put it at {self.paths.policy}",
            )
        history.remember(self.paths.policies, self.policy)
        plan, source = self.plan(), self.source()
        if window is None:
            return policies.check(self.policy, judged(source, self.policy, plan))
        then = plan.on(window)
        families = plan.families(then.judging(self.policy), window)
        return policies.in_order(f for rules in families for f in policies.check(rules, judged(source, rules, then)))

    def first_outside(self) -> list[Finding]:
        """Returns, of all that ever was outside its range, the finding of the first scheduled window in which it was.

        The first to leave its range comes first.
        """
        return policies.first_outside(self.findings(window) for window in self.plan().every())

    events = workspace_events.events
    feed = workspace_events.feed
    unit_changes = workspace_events.unit_changes
    stuck = workspace_events.stuck
    units_not_looked_at = workspace_events.units_not_looked_at

    def cases(self, filters: Filters, limit: int = 200) -> list[dict[str, Any]]:
        """Returns rows of the log, newest first."""
        return cases(self.paths, self.contract, filters, limit)

    def case(self, day: date, version: str, id: str) -> dict[str, Any] | None:
        """Returns one case with everything that was delivered of it."""
        return case(self.paths, self.contract, day, version, id)


def _after_reference(kinds: Sequence[str], metrics: Sequence[str] | None) -> bool:
    """Returns whether all that is asked for is compared with the reference, or estimated from it."""
    return tuple(kinds) == ("drift",) or bool(metrics and all(name.startswith("estimated_") for name in metrics))


def frame(readings: Iterable[Reading]) -> pd.DataFrame:
    """Returns readings as a table with the columns of `readings --format json`."""
    import pandas as pd

    return pd.DataFrame([reading.as_dict() for reading in readings], columns=list(COLUMNS))
