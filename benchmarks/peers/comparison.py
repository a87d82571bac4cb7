"""What the tools' alarms come to, by size, way and scenario: false alarms, effects found, after how many weeks."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.peers.data import BEGINS, PLANTED, Stream

Line = Mapping[str, Any]  # as runner.py prints it
QUIET = tuple(name for name, right in PLANTED.items() if not right)
NAMES_NOTHING = "dataset"  # an alarm about all columns together: it counts as found, since it cannot name more


def costs(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Returns for each size and tool the median seconds before the first week and of a week, and the peak memory."""
    found: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for line in lines:
        found[Stream.named(line["stream"]).rows, line["tool"]].append(line)
    return [
        {
            "rows": rows,
            "tool": tool,
            "streams": len(of),
            "weeks": sum(len(line["alarms"]) for line in of),
            "once": round(statistics.median(line["once"] for line in of), 2),
            "week": round(statistics.median(line["week"] for line in of), 3),
            "peak_mb": max(line["peak_mb"] for line in of),
        }
        for (rows, tool), of in found.items()
    ]


def verdicts(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Returns for each size, way and scenario what was alarmed.

    Without an effect `weeks` and those `alarmed` in; weeks before an effect count as no drift. With one `streams`,
    those it was `found` in by name, those where only something `else` was alarmed, the mean `delay` in weeks.
    """
    calm: dict[tuple[int, str, str, str], list[bool]] = defaultdict(list)
    hits: dict[tuple[int, str, str, str], list[tuple[int | None, bool]]] = defaultdict(list)
    for line in lines:
        stream = Stream.named(line["stream"])
        right = PLANTED[stream.scenario]
        for way in line["ways"]:
            weeks = [{name for how, name in week if how == way} for week in line["alarms"]]
            before = weeks[:BEGINS] if right else weeks
            key = (stream.rows, line["tool"], way)
            calm[*key, QUIET[0] if right else stream.scenario] += [bool(week) for week in before]
            if right and weeks[BEGINS:]:
                hits[*key, stream.scenario].append(_hit(weeks[BEGINS:], right))
    return [*(_calm(key, weeks) for key, weeks in calm.items()), *(_hits(key, of) for key, of in hits.items())]


def _hit(weeks: Sequence[set[str]], right: frozenset[str]) -> tuple[int | None, bool]:
    """Returns after how many weeks the effect was named, None if never; and whether anything was alarmed."""
    named = (number for number, week in enumerate(weeks) if week & (right | {NAMES_NOTHING}))
    return next(named, None), any(weeks)


def _calm(key: tuple[int, str, str, str], weeks: Sequence[bool]) -> dict[str, Any]:
    return _about(key) | {"weeks": len(weeks), "alarmed": sum(weeks)}


def _hits(key: tuple[int, str, str, str], of: Sequence[tuple[int | None, bool]]) -> dict[str, Any]:
    delays = [after for after, _ in of if after is not None]
    other = sum(after is None and alarmed for after, alarmed in of)
    delay = round(statistics.mean(delays), 1) if delays else None
    return _about(key) | {"streams": len(of), "found": len(delays), "else": other, "delay": delay}


def _about(key: tuple[int, str, str, str]) -> dict[str, Any]:
    return dict(zip(("rows", "tool", "way", "scenario"), key, strict=True))
