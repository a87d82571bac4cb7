"""What left its range first: from the findings of every scheduled window to the first one outside."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from dashboard.policy.findings import CONTEXT, Finding

ABOUT = tuple(key for key in CONTEXT if key not in ("since", "until"))


def about(finding: Finding) -> Hashable:
    """Returns what a finding is about, whatever its window: the rule and whom it was judged for."""
    return finding.rule, *(getattr(finding, key) for key in ABOUT)


def first_outside(windows: Iterable[Sequence[Finding]]) -> list[Finding]:
    """Returns, of all that is outside in some window, its first such finding; the first to leave its range first.

    `windows` are the findings of scheduled windows, oldest first. Only they are judged at a level that accounts for
    looking again: of daily looks at a rolling window the first one outside means little.
    """
    found: dict[Hashable, Finding] = {}
    for findings in windows:
        for finding in findings:
            if finding.state == "outside":
                found.setdefault(about(finding), finding)
    return sorted(found.values(), key=lambda finding: (finding.since or "", finding.until or ""))
