"""Which days are compared with which: a reference, then scheduled windows that share no day.

States are judged on scheduled windows only. A daily look at a rolling window would alarm by chance in three
years of four; with L scheduled looks a year each is judged at 0.05 / L.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from dashboard.errors import EvenhandError

ALPHA = 0.05
DEFAULT_REFERENCE_DAYS = 56  # eight weeks: enough whole weeks to see how much weeks differ
EVERY, DRIFT_EVERY = 28, 7


@dataclass(frozen=True, order=True)
class Window:
    """Days from `since` until, and without, `until`.

    >>> str(Window(date(2026, 3, 1), date(2026, 3, 29)))
    '2026-03-01 to 2026-03-28'
    """

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise EvenhandError(
                f"A window runs from {self.since} until {self.until}",
                "It must hold a day",
                "`until` is the day after it",
            )

    def __str__(self) -> str:
        return f"{self.since} to {self.until - timedelta(days=1)}"

    @property
    def days(self) -> int:
        """Returns the number of days in it."""
        return (self.until - self.since).days

    def shares_a_day(self, other: Window) -> bool:
        """Returns whether some day lies in both."""
        return self.since < other.until and other.since < self.until


@dataclass(frozen=True)
class WindowPlan:
    """What `[windows]` says: the reference, the lengths in days, and instead of a schedule one explicit window."""

    reference: Window | None = None
    every: int = EVERY
    drift: int = DRIFT_EVERY
    current: Window | None = None

    def looks(self, kind: str) -> int:
        """Returns how many times a year a finding of this kind is judged; once where the window is explicit.

        >>> WindowPlan().looks("fairness"), WindowPlan().looks("drift")
        (13, 52)
        """
        return 1 if self.current else max(1, 365 // (self.drift if kind == "drift" else self.every))

    def alpha(self, kind: str) -> float:
        """Returns the share of windows without any breach that may show one: 0.05 a year, over its looks."""
        return ALPHA / self.looks(kind)


@dataclass(frozen=True)
class Schedule:
    """The windows of one log under one policy; `notes` are sentences about what could not be had as planned."""

    reference: Window | None
    windows: tuple[Window, ...]
    drift_windows: tuple[Window, ...]
    notes: tuple[str, ...] = ()
    explicit: bool = False

    @property
    def current(self) -> Window | None:
        """Returns the last whole window, None where there is none yet."""
        return self.windows[-1] if self.windows else None

    def judged(self, kind: str) -> Window | None:
        """Returns the window that findings of this kind are judged on."""
        chosen = self.drift_windows if kind == "drift" else self.windows
        return chosen[-1] if chosen else None

    def only(self, window: Window) -> Schedule:
        """Returns the schedule with this window alone, where it is one of them; with none where it is not."""
        windows, drift = (tuple(w for w in each if w == window) for each in (self.windows, self.drift_windows))
        return replace(self, windows=windows, drift_windows=drift)

    def settled(self, last: date) -> Schedule:
        """Returns the schedule for what needs labels, complete until `last` (in it): the same, the late left out.

        An explicit window stays as it is, with a note; a log judged as one window ends at `last`.
        """
        end = last + timedelta(days=1)
        late = self.current is not None and end < self.current.until
        if self.explicit or not late:
            missing = f"Labels are complete up to {last}, not to the end of the window {self.current}."
            return replace(self, notes=(*self.notes, missing)) if late else self
        if self.reference is None and self.current is not None and self.current.since < end:
            log = Window(self.current.since, end)
            return replace(self, windows=(log,), drift_windows=(log,))
        windows, drift = (tuple(w for w in each if w.until <= end) for each in (self.windows, self.drift_windows))
        note = () if windows else (f"No window has all its labels yet: they are complete up to {last}.",)
        return replace(self, windows=windows, drift_windows=drift, notes=(*self.notes, *note))


def schedule(plan: WindowPlan, first: date, last: date) -> Schedule:
    """Returns the windows for a log whose first and last days (both in it) are given.

    Raises EvenhandError where an explicit current window has no data or shares a day with the reference. What needs
    labels is judged on `schedule(...).settled(last day whose labels are complete)`.
    """
    log = Window(first, last + timedelta(days=1))
    if plan.current is not None:
        return _explicit(plan, plan.current, log)
    reference, notes = _reference(plan, log)
    if reference is None:
        return Schedule(None, (log,), (log,), notes)
    windows, drift = (_following(reference.until, length, log.until) for length in (plan.every, plan.drift))
    if not windows:
        notes = (*notes, _not_yet(reference.until + timedelta(days=plan.every), log))
    return Schedule(reference, windows, drift, notes)


def split(window: Window, days: int) -> tuple[Window, ...]:
    """Returns the whole windows of so many days inside a window, counted back from its end, oldest first.

    >>> [str(w) for w in split(Window(date(2026, 1, 1), date(2026, 1, 16)), 7)]
    ['2026-01-02 to 2026-01-08', '2026-01-09 to 2026-01-15']
    """
    ends = (window.until - timedelta(days=days * back) for back in range(window.days // days))
    return tuple(sorted(Window(end - timedelta(days=days), end) for end in ends))


def refuse_overlap(window: Window, other: Window) -> None:
    """Does raise EvenhandError where two windows that are to be compared share a day."""
    if window.shares_a_day(other):
        raise EvenhandError(
            f"The windows {window} and {other} share days",
            "Windows that are compared must not: the same cases would stand on both sides",
            "Choose windows apart from each other",
        )


def _following(start: date, days: int, end: date) -> tuple[Window, ...]:
    starts = (start + timedelta(days=days * place) for place in range(max(0, (end - start).days // days)))
    return tuple(Window(since, since + timedelta(days=days)) for since in starts)


def _explicit(plan: WindowPlan, current: Window, log: Window) -> Schedule:
    if not current.shares_a_day(log):
        raise EvenhandError(
            f"The current window {current} has no data",
            f"The log runs from {log}",
            "Correct `current` in [windows] of policy.toml",
        )
    if plan.reference is not None:
        refuse_overlap(current, plan.reference)
        return Schedule(plan.reference, (current,), (current,), _coverage(plan.reference, log), True)
    days = min(DEFAULT_REFERENCE_DAYS, (current.since - log.since).days)
    if days < 1:
        return Schedule(None, (current,), (current,), ("No day lies before the window: it has no reference.",), True)
    reference = Window(log.since, log.since + timedelta(days=days))
    return Schedule(reference, (current,), (current,), (_chosen(reference),), True)


def _reference(plan: WindowPlan, log: Window) -> tuple[Window | None, tuple[str, ...]]:
    """Returns the reference and what to say about it; without one in the policy, the first 56 days or what there is."""
    if plan.reference is not None:
        return plan.reference, _coverage(plan.reference, log)
    days = min(DEFAULT_REFERENCE_DAYS, log.days - plan.every)
    if days < 1:
        return None, (f"The log has {log.days} days: all are judged as one window, and there is no reference.",)
    reference = Window(log.since, log.since + timedelta(days=days))
    return reference, (_chosen(reference),)


def _chosen(reference: Window) -> str:
    fewer = "" if reference.days == DEFAULT_REFERENCE_DAYS else f", fewer than {DEFAULT_REFERENCE_DAYS}"
    return f"The policy names no reference: it is the log's first {reference.days} days ({reference}){fewer}."


def _coverage(reference: Window, log: Window) -> tuple[str, ...]:
    if not reference.shares_a_day(log):
        return (f"The reference {reference} has no data: the log runs from {log}.",)
    if reference.since < log.since or reference.until > log.until:
        return (f"The log ({log}) does not hold all of the reference {reference}.",)
    return ()


def _not_yet(end: date, log: Window) -> str:
    ends = (until - timedelta(days=1) for until in (end, log.until))
    return "No window is whole yet: the first ends on {}, the log on {}.".format(*ends)
