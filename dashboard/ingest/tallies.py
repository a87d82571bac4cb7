"""What a delivery was worth, by the days and versions of its rows: the counts that its record keeps.

Taken here since nothing else of a row that was turned away, came twice or lost a value lasts beside the log's rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from dashboard import store
from dashboard.ingest.checking import UNVERSIONED
from dashboard.ingest.staging import Staged
from dashboard.sql import literal

COUNTS = ("delivered", "accepted", "duplicates", "rejected")
MOST_DAYS = 31  # a delay is kept in whole days up to this one, which stands for all longer ones


def tallies(connection: store.Connection, staged: Staged, arrived_at: datetime) -> tuple[dict[str, Any], ...]:
    """Returns a delivery's counts by day and version, in order: delivered, accepted, duplicates, rejected,
    unread, delayed.

    `duplicates` are rows whose id came before on that day, whether they say the same or not; `unread` are values that
    are not numbers, by column, and `delayed` the accepted rows by whole days (24 hours) from their time to their
    arrival, none and less than one left out. A row that tells no day counts on the delivery's last day, else on that
    of its arrival. `verdicts` must be filled.
    """
    elsewhere = max(staged.days, default=arrived_at.date())
    found: dict[tuple[date, str], dict[str, Any]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for day, version, *counts in connection.execute(_counts(staged, elsewhere)).fetchall():
        found[day, version] |= dict(zip(COUNTS, counts, strict=True))
    if staged.broken:
        for name in ("delivered", "rejected"):
            found[elsewhere, UNVERSIONED][name] += len(staged.broken)
    for day, version, name, n in connection.execute(_unread(staged)).fetchall():
        found[day, version].setdefault("unread", {})[name] = n
    for day, version, days, n in connection.execute(_delayed(staged, arrived_at)).fetchall():
        found[day, version].setdefault("delayed", {})[str(days)] = n
    return tuple(_in_order(found))


def _in_order(found: dict[tuple[date, str], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for (day, version), counts in sorted(found.items()):
        yield {"day": day.isoformat(), "version": version, **counts}


def _counts(staged: Staged, elsewhere: date) -> str:
    day = f"CASE WHEN year(day) BETWEEN 1900 AND 2200 THEN day ELSE DATE {literal(elsewhere.isoformat())} END"
    return (
        f"SELECT {day} AS day, version, count(*), count(*) FILTER (reason IS NULL AND verdict IS NULL), "
        "count(verdict), count(*) FILTER (reason IS NOT NULL OR verdict = 'rejected') "
        f"FROM {staged.relation} LEFT JOIN verdicts USING (number) GROUP BY ALL"
    )


def _unread(staged: Staged) -> str:
    return (
        f"SELECT day, version, name, count(*) FROM (SELECT day, version, unnest(lost) AS name FROM {staged.relation} "
        "ANTI JOIN verdicts USING (number) WHERE reason IS NULL AND lost IS NOT NULL) GROUP BY ALL ORDER BY ALL"
    )


def _delayed(staged: Staged, arrived_at: datetime) -> str:
    arrived = f"TIMESTAMP {literal(arrived_at.isoformat(sep=' '))}"
    return (
        f"SELECT day, version, least(days, {MOST_DAYS}) AS days, count(*) FROM ("
        f"SELECT day, version, datesub('day', time, {arrived}) AS days FROM {staged.relation} "
        "ANTI JOIN verdicts USING (number) WHERE reason IS NULL) "
        f"WHERE days >= 1 GROUP BY day, version, least(days, {MOST_DAYS}) ORDER BY ALL"
    )
