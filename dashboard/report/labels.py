"""When labels are complete: how long they take, and the last day whose labels have practically all come."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from dashboard.report.cells import rows
from dashboard.store import Snapshot

NEARLY_ALL = 0.99
ENOUGH = 100  # labels of a group before its own delay counts


def delays(
    snapshot: Snapshot, since: date, until: date, attribute: str | None = None
) -> dict[tuple[str, str], dict[int, int]]:
    """Returns, per (attribute, group), how many labels took how many days; attribute '' is everybody."""
    found: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    parameters = {"since": since, "until": until, "attribute": attribute}
    for name, group, days, n in rows(snapshot, "delays", parameters):
        found[name, group][days] = n
    return dict(found)


def quantile(counts: dict[int, int], q: float) -> int:
    """Returns the smallest number of days within which a share q of the labels came.

    >>> quantile({1: 98, 7: 1, 20: 1}, 0.99)
    7
    """
    need, seen = q * sum(counts.values()), 0
    for days in sorted(counts):
        seen += counts[days]
        if seen >= need:
            return days
    return 0


def complete_until(snapshot: Snapshot, first: date, last: date) -> date:
    """Returns the day from which on labels are still coming (exclusive): the log's end less the slowest group's delay.

    The delay is the 99 % one, from days old enough to have seen the longest delay; with labels delivered
    together with predictions it is none, and the log's end is returned.
    """
    end = last + timedelta(days=1)
    everybody = delays(snapshot, first, end, "").get(("", ""), {})
    if not everybody:
        return end
    longest = max(everybody)
    settled = delays(snapshot, first, max(end - timedelta(days=longest), first + timedelta(days=1)))
    slowest = max(
        (quantile(counts, NEARLY_ALL) for counts in settled.values() if sum(counts.values()) >= ENOUGH),
        default=quantile(everybody, NEARLY_ALL),
    )
    return max(first, end - timedelta(days=slowest))
