"""What an `inconclusive` sentence says that these cases could have shown, and how often they would show it: exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from dashboard.policy import Judged, Policy, Rule, WindowPlan, check
from dashboard.rates import Difference, Rate
from tests.verdicts.views import ROOM, apart

CASES = (
    (0.3, 2000, 2000), (0.5, 2000, 2000), (0.9, 2000, 2000), (0.3, 500, 500), (0.9, 500, 500), (0.5, 2000, 200),
    (0.9, 2000, 200), (0.5, 2000, 50), (0.9, 2000, 50),
)  # fmt: skip
RULE = Rule("true_positive_rate_difference", (-ROOM, ROOM), attribute="sex")
PLAN = WindowPlan()  # the default schedule
SAYS = re.compile(r"The smallest breach that this many cases show 4 times in 5 is about (\d+) points? (below|above)\.$")


@dataclass(frozen=True)
class Untold:
    """Holds two groups with the same rate, the breach that the sentence names, and how often it would be outside."""

    rate: float
    reference_n: int
    n: int
    breach: float
    found: float


def untold() -> Iterator[Untold]:
    """Yields what `check` says of two groups that do not differ, where it can't tell, and what comes of it."""
    for rate, reference_n, n in CASES:
        measure = Difference(Rate(round(rate * n), n), Rate(round(rate * reference_n), reference_n))
        judged = Judged(RULE, {"attribute": "sex", "group": "F", "reference": "M"}, measure)
        (finding,) = check(Policy("1", (RULE,), windows=PLAN), [judged])
        said = SAYS.search(finding.sentence)
        assert finding.state == "inconclusive"
        assert said is not None, finding.sentence
        breach = int(said[1]) / 100 * (1 if said[2] == "above" else -1)
        yield Untold(rate, reference_n, n, breach, _found(rate, breach, reference_n, n, finding.level))


def _found(rate: float, breach: float, reference_n: int, n: int, level: float) -> float:
    """Returns how often the group is outside where it truly lies so far from the reference, every outcome weighted."""
    hits = np.arange(reference_n + 1.0), np.arange(n + 1.0)
    both = np.stack(np.meshgrid(*hits, indexing="ij"), axis=-1)
    outside = apart(both, np.array([reference_n, n]), level)[..., 0]
    return float(binom.pmf(hits[0], reference_n, rate) @ outside @ binom.pmf(hits[1], n, rate + breach))
