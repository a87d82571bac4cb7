"""The facade's answers to why: why a rate changed, why two groups differ, why that changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date
from typing import TYPE_CHECKING, Any

from dashboard.errors import EvenhandError
from dashboard.policy import Window
from dashboard.report import Scope, Source, change, gap_mix
from dashboard.report.change import Change
from dashboard.report.extent import Extent
from dashboard.report.gap_mix import Gap, GapChange
from dashboard.report.gap_words import change_sentence, gap_sentence
from dashboard.report.judged import Plan

if TYPE_CHECKING:
    from dashboard.report.effects import Effect
    from dashboard.report.importance import Importances

Days = tuple[date | None, date | None]  # since, until


class Why(ABC):
    """What a model can explain, from what it holds."""

    @abstractmethod
    def source(self) -> Source: ...
    @abstractmethod
    def plan(self) -> Plan: ...
    @abstractmethod
    def extent(self) -> Extent: ...
    @abstractmethod
    def scope(self, since: date | None = None, until: date | None = None, **asked: Any) -> Scope: ...
    @abstractmethod
    def check_version(self, version: str | None, held: Extent) -> None: ...

    def why(
        self,
        metric: str,
        by: str,
        now: Days = (None, None),
        before: Days = (None, None),
        version: str | None = None,
        before_version: str | None = None,
    ) -> Change:
        """Returns why a rate changed from one window (since, until) to another, by an attribute or `version`.

        Without windows: the one that is judged against as many days before it. `version` is looked at in both, unless
        `before_version` names another one.
        """
        for name in (version, before_version):
            self.check_version(name, self.extent())
        windows = change.two_windows(self.plan(), metric, now, before)
        names = (before_version or version, version)
        then, here = (Scope(w.since, w.until, name) for w, name in zip(windows, names, strict=True))
        return change.why(self.source(), metric, then, here, by)

    def gap(
        self,
        metric: str,
        attribute: str,
        group: str,
        by: str,
        now: Days = (None, None),
        version: str | None = None,
        of_class: str | None = None,
    ) -> Gap:
        """Returns a group's gap to the reference, taken apart by another attribute: other mix, or another rate.

        Without `now` (since, until) that of the window that is judged; `of_class` is one of several, against the rest.
        """
        self.check_version(version, self.extent())
        here = change.two_windows(self.plan(), metric, now, (None, None))[1]
        return gap_mix.gap(self.source(), metric, attribute, group, by, _scope(here, version, of_class))

    def gap_change(
        self,
        metric: str,
        attribute: str,
        group: str,
        by: str,
        now: Days = (None, None),
        before: Days = (None, None),
        version: str | None = None,
        of_class: str | None = None,
    ) -> GapChange:
        """Returns why that gap changed from one window to another, by default as `why` takes them."""
        self.check_version(version, self.extent())
        windows = change.two_windows(self.plan(), metric, now, before)
        scopes = (_scope(window, version, of_class) for window in windows)
        return gap_mix.gap_change(self.source(), metric, attribute, group, by, *scopes)

    def importance(self, version: str | None = None) -> Importances | None:
        """Returns how much each input counts in the reference window, most first: see `report.importance`.

        By logged attributions, else by a surrogate, which takes seconds once. None where it cannot be said.
        """
        from dashboard.report.importance import importances

        self.check_version(version, self.extent())
        return importances(self.source(), version)

    def effects(self, since: date | None = None, until: date | None = None, version: str | None = None) -> list[Effect]:
        """Returns what each input's drift does to accuracy or the mean error, the largest first: `report.effects`.

        Without days: all after the reference. [] where the reference has too few labels.
        """
        from dashboard.report import effects

        name = effects.metric(self.source())
        return effects.effects(
            self.source(), self.scope(since, until, version=version, metrics=(name,), kinds=("drift",))
        )


def _scope(window: Window, version: str | None, of_class: str | None) -> Scope:
    return Scope(window.since, window.until, version, features=(of_class,) if of_class else None)


def explained(
    model: Why, metric: str, by: str, now: Days, before: Days, versions: tuple[str | None, str | None], gap: str | None
) -> tuple[str, list[dict[str, Any]]]:
    """Returns what `evenhand why` says, and its table; `versions` are now's and before's, `gap` is `attribute=group`.

    Without a gap of the rate's change. With one of the gap, and where days before are named of the gap's change.
    """
    version, other = versions
    if gap is None:
        found = model.why(metric, by, now, before, version, other)
        return change.sentence(found), found.records()
    attribute, _, group = gap.partition("=")
    if not group or other is not None:
        raise EvenhandError(
            "A gap of two versions is not taken apart" if group else f"'{gap}' names no group",
            "An attribute and a group of it, in one version or all",
            "For example --gap sex=F",
        )
    if before == (None, None):
        wide = model.gap(metric, attribute, group, by, now, version)
        return gap_sentence(wide), wide.records()
    moved = model.gap_change(metric, attribute, group, by, now, before, version)
    return change_sentence(moved), moved.records()
