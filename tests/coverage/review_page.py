"""docs/review_estimates.md: what review can say of the model, and how often its intervals contain the truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from tests.coverage.reviewed import ERROR, FOUND, Metric, Told, World, coverage, equal, flagged, two_groups, unequal

REPLICATIONS = 2000
RUNS = 1000
LEAST, MOST_EQUAL, MOST = 0.93, 0.975, 0.995
KINDS = (
    ("equal probabilities", equal, MOST_EQUAL), ("probabilities up to 10:1", unequal, MOST),
    ("flags beside, or 30 % never reviewed", flagged, MOST),
)  # fmt: skip
TEXT = Path(__file__).with_name("review_page.txt")


def page() -> str:
    """Returns docs/review_estimates.md, after some minutes of drawing."""
    found = {(metric.name, kind): told for metric in (ERROR, FOUND) for kind, told in _drawn(metric)}
    rows = [_row(name, kind, told, most) for (name, kind), told in found.items() for k, _, most in KINDS if k == kind]
    by_size = [row for (name, kind), told in found.items() for row in _sizes(name, kind, told)]
    heads = ("estimate", "audit", "worlds", "mean", "smallest", "where", "largest", "claimed", "is it")
    sizes = ("estimate", "audit", "50 audited", "100", "200", "400")
    text = TEXT.read_text(encoding="utf-8")
    parts = {"WORLDS": _table(heads, rows), "SIZES": _table(sizes, by_size), "NAIVE": _naive(RUNS)}
    for name, part in parts.items():
        text = text.replace(f"<{name}>", part)
    return text


def _drawn(metric: Metric) -> Iterable[tuple[str, list[Told]]]:
    for kind, worlds, _ in KINDS:
        yield kind, [coverage(metric, world, REPLICATIONS) for world in worlds()]


def _row(name: str, kind: str, told: Sequence[Told], most: float) -> tuple[str, ...]:
    shares = [each.coverage for each in told]
    worst = told[int(np.argmin(shares))]
    met = min(shares) >= LEAST and max(shares) <= most
    claim = f"93 to {100 * most:g}"
    return (f"`reviewed_{name}`", kind, str(len(told)), _percent(float(np.mean(shares))), _percent(min(shares)),
            _says(worst.world), _percent(max(shares)), claim, "met" if met else "**not met**")  # fmt: skip


def _sizes(name: str, kind: str, told: Sequence[Told]) -> Iterable[tuple[str, ...]]:
    sizes = sorted({each.world.audited for each in told})
    of = [[each.coverage for each in told if each.world.audited == size] for size in sizes]
    yield (f"`reviewed_{name}`", kind, *(f"{_percent(min(each))} to {_percent(max(each))}" for each in of))


def _naive(runs: int) -> str:
    random = np.random.default_rng(7)
    told = [two_groups(random) for _ in range(runs)]
    mean = {name: float(np.mean([getattr(each, name) for each in told])) for name in ("truth", "naive", "estimated")}
    turned, inside = np.mean([each.turned for each in told]), np.mean([each.inside for each in told]) / 2
    rows = [
        ("what is true, of both groups together", f"{_percent(mean['truth'])} %"),
        ("share wrong among all reviewed", f"{_percent(mean['naive'])} %"),
        ("as estimated here", f"{_percent(mean['estimated'])} %"),
        ("runs in which the share of all reviewed calls the better group the worse", f"{_percent(float(turned))} %"),
        ("intervals of a group that contain its truth", f"{_percent(float(inside))} %"),
    ]
    return _table((f"in {runs:,} runs", "on average"), rows)


def _says(world: World) -> str:
    return world.says().replace("%", " %")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(heads), *rows])


if __name__ == "__main__":
    print(page(), end="")
