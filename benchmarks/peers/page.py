"""docs/benchmarks.md from docs/benchmarks.json: the tables, put into the words of page.md beside this file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.comparison import QUIET
from benchmarks.peers.data import JUDGED, PLANTED

Row = Mapping[str, Any]
TEXT = Path(__file__).with_name("page.md")
EFFECTS = tuple(name for name, right in PLANTED.items() if right)


def page(kept: Mapping[str, Any]) -> str:
    """Returns the page."""
    calm, effects = ([r for r in kept["verdicts"] if (r["scenario"] in QUIET) == quiet] for quiet in (True, False))
    tools = [f"{tool} {of['version']}" for tool, of in kept["tools"].items()]
    kinds = list(dict.fromkeys(row["way"].removesuffix(" rules") for row in calm if row["tool"] == "Evenhand"))
    words = {
        "tools": _listed(tools),
        "python": next(of["python"] for of in kept["tools"].values()),
        "kinds": _listed(kinds),
        "missing": _missing(kept),
    }
    tables = {
        "calm": _by_size(kept, calm, QUIET, "rows a week", _alarmed),
        "found": _by_size(kept, effects, EFFECTS, "rows a week, with an effect", _found),
        "costs": _costs(kept["costs"]),
    }
    return TEXT.read_text(encoding="utf-8").format(**words, **tables, **kept["about"])


def _missing(kept: Mapping[str, Any]) -> str:
    """Returns a sentence on sizes that are part of the comparison and not in these figures, "" where all are."""
    held = {row["rows"] for row in kept["costs"]}
    sizes = [f"{rows:,}" for rows in kept["about"]["sizes"] if rows not in held]
    if not sizes:
        return ""
    return f"\n**Not measured yet: {_listed(sizes)} rows a week.** The run that made this page was ended before.\n"


def _by_size(
    kept: Mapping[str, Any], found: Sequence[Row], scenarios: Sequence[str], title: str, cell: Callable[[Row], str]
) -> str:
    sizes = sorted({row["rows"] for row in kept["costs"]})
    tables = ((rows, [row for row in found if row["rows"] == rows]) for rows in sizes)
    return "\n\n".join(f"### {rows:,} {title}\n\n{_verdicts(of, scenarios, cell)}" for rows, of in tables)


def _verdicts(found: Iterable[Row], scenarios: Sequence[str], cell: Callable[[Row], str]) -> str:
    """Returns the table of one size: a line for each way, a column for each scenario."""
    held: dict[tuple[str, str], dict[str, Row]] = {}
    for row in found:
        held.setdefault((row["tool"], row["way"]), {})[row["scenario"]] = row
    shown = [name for name in scenarios if any(name in of for of in held.values())]
    lines = [
        [f"{tool}, {way}", *(cell(of[name]) if name in of else "not run" for name in shown)]
        for (tool, way), of in held.items()
    ]
    return _table(["", *shown], lines)


def _alarmed(row: Row) -> str:
    return f"{row['alarmed']} of {row['weeks']} ({100 * row['alarmed'] / row['weeks']:.0f} %)"


def _found(row: Row) -> str:
    delay = "" if row["delay"] is None else f", after {row['delay']:g}"
    return f"{row['found']} of {row['streams']}{delay}" + (f"; else {row['else']}" if row["else"] else "")


def _costs(found: Sequence[Row]) -> str:
    names = ["rows a week", "", "streams", "weeks judged", "before (s)", "a week (s)", f"{JUDGED} weeks (s)", "MB"]
    return _table(names, (_cost(row) for row in sorted(found, key=lambda row: (row["rows"], row["tool"]))))


def _cost(row: Row) -> list[str]:
    whole = row["once"] + JUDGED * row["week"]
    seconds = [f"{row['once']:.1f}", f"{row['week']:.2f}", f"{whole:,.0f}" if whole >= 10 else f"{whole:.1f}"]
    return [f"{row['rows']:,}", row["tool"], str(row["streams"]), str(row["weeks"]), *seconds, f"{row['peak_mb']:,}"]


def _table(names: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [names, ["---"] * len(names), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
