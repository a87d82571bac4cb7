"""Studies of latency, of drift, of value, of how long labels take and of weighted logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from math import ceil, exp, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from dashboard.metrics import drift, performance, service, value
from dashboard.metrics.delays import delay_curve
from dashboard.metrics.histograms import Categories, Histogram
from dashboard.metrics.performance import Confusion
from dashboard.metrics.service import Latencies, error_rate, latency_quantile
from dashboard.rates import Estimate, Limits, Measure
from tests.coverage.counted import shares
from tests.coverage.simulation import Draw, Point, Study

Floats = NDArray[np.float64]


# Latency: lognormal answers, whole hours slower than others


def _latencies(n: int, hours: int, uneven: float, q: float) -> Draw:
    edges = np.array(service.edges())

    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        for _ in range(times):
            hour = random.integers(hours, size=n)
            found = np.exp(4 + uneven * random.normal(size=hours)[hour] + 0.6 * random.normal(size=n))
            key = hour * (len(edges) + 1) + np.searchsorted(edges, found, side="right")
            places, counts = np.unique(key, return_counts=True)
            yield latency_quantile(Latencies.of(places // (len(edges) + 1), places % (len(edges) + 1), counts), q)

    return draw


def _latency(q: float) -> Study:
    least = ceil(20 / (1 - q))
    points = []
    for n, hours, uneven, claimed in (
        (least, 24, 0, True), (5 * least, 168, 0.3, True), (2 * least, 24, 0.3, False), (least // 4, 24, 0, False)
    ):  # fmt: skip
        truth = exp(4 + float(norm.ppf(q)) * sqrt(0.36 + uneven**2))
        says = f"{n:,} requests in {hours} hours" + (f", hours differ by {uneven:g} on the log scale" if uneven else "")
        points.append(Point(says, truth, _latencies(n, hours, uneven, q), claimed))
    domain = f"at least {least:,} requests, 20 of them slower; a week or more where hours differ"
    return Study(f"latency_p{100 * q:g}", domain, tuple(points))


def _failures(hours: int, each: int, rate: float, bursts: float) -> Point:
    """Draws failures that come in bursts: the rate of an hour is Beta, `bursts` its correlation."""

    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        for _ in range(times):
            requests = random.poisson(each, hours)
            rates = random.beta(rate * (1 / bursts - 1), (1 - rate) * (1 / bursts - 1), hours) if bursts else rate
            yield error_rate(random.binomial(requests, rates), requests)

    says = f"{hours} hours of about {each:,} requests, {100 * rate:g} % fail, correlation in an hour {bursts:g}"
    return Point(says, rate, draw, claimed=hours >= 168)


# Drift


def _categories(p: Floats, q: Floats, n: int, m: int, measure: Callable[..., Measure]) -> Draw:
    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        for then, now in zip(
            random.multinomial(n, p, times).tolist(), random.multinomial(m, q, times).tolist(), strict=True
        ):
            yield measure(*(Categories(dict(zip("abcdef", counts, strict=False))) for counts in (then, now)))

    return draw


def _moved(share: float) -> tuple[Floats, Floats]:
    p = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
    return p, p + share * np.array([-1, -0.5, 0, 0.5, 1])


def _psi(p: Floats, q: Floats) -> float:
    return float(np.sum((q - p) * np.log(q / p)))


def _js(p: Floats, q: Floats) -> float:
    middle = (p + q) / 2
    return sqrt(float(np.sum(p * np.log2(p / middle) + q * np.log2(q / middle))) / 2)


def _divergence(name: str, measure: Callable[..., Measure], truth: Callable[[Floats, Floats], float]) -> Study:
    points = [
        Point(f"{n:,} rows then, {m:,} now, 5 categories, moved by {share:g}", truth(*_moved(share)),
              _categories(*_moved(share), n, m, measure), claimed)
        for n, m, claimed in ((5000, 500, True), (1000, 200, True), (20_000, 5000, True), (300, 50, False))
        for share in (0, 0.02, 0.05)
    ]  # fmt: skip
    return Study(name, "at least 20 rows expected in every category", tuple(points))


@cache
def _cuts() -> Floats:
    found: Floats = norm.ppf(np.arange(1, 256) / 256)
    return found


def _histograms(n: int, m: int, shift: float, measure: Callable[[Histogram, Histogram], Measure]) -> Draw:
    def counted(values: Floats) -> Histogram:
        place = np.searchsorted(_cuts(), values)
        return Histogram.of(np.bincount(place, minlength=256), np.bincount(place, values, 256))

    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        for _ in range(times):
            yield measure(counted(random.normal(size=n)), counted(random.normal(size=m) + shift))

    return draw


def _numeric(name: str, measure: Callable[[Histogram, Histogram], Measure], truth: Callable[[float], float]) -> Study:
    points = [
        Point(
            f"{n:,} normal values then, {m:,} now, moved by {shift:g}", truth(shift), _histograms(n, m, shift, measure)
        )
        for n, m, shift in ((1000, 100, 0), (1000, 100, 0.1), (1000, 100, 0.5))
    ]
    return Study(name, "at least 100 values", tuple(points))


# Value


def _value(n: int, cell: tuple[float, float, float], worth: dict[str, float]) -> Point:
    share = shares(*cell)
    truth = float(share.ravel() @ [worth[name] for name in ("tn", "fp", "fn", "tp")])

    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        for counts in random.multinomial(n, share.ravel(), times):
            yield value.value_per_case(Confusion.of(counts.reshape(2, 2)), worth)

    worths = ", ".join(f"{name} {each:g}" for name, each in worth.items())
    prevalence, hit, alarm = cell
    says = f"{n:,} cases, prevalence {prevalence:g}, true positive rate {hit:g}, false {alarm:g}; worth {worths}"
    return Point(says, truth, draw, claimed=n * prevalence >= 20)


MATRICES = (
    {"tp": 90, "fp": -10, "fn": -200, "tn": 0}, {"tp": 1, "fp": -1, "fn": -1, "tn": 1},
    {"tp": 500, "fp": -5, "fn": 0, "tn": 0},
)  # fmt: skip
CELLS = ((1000, (0.02, 0.8, 0.05)), (200, (0.1, 0.5, 0.02)), (100, (0.3, 0.9, 0.2)), (500, (0.02, 0.8, 0.05)))


# Labels, weights


LONGEST = 60  # days


def _delays(days: int, daily: int, mean: float, by: int) -> Point:
    """Draws delays, geometric up to 60 days, in a log of so many days of which only labels that have come are seen."""
    share = 1 - (mean / (1 + mean)) ** np.arange(1, LONGEST + 2)
    share /= share[-1]

    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        age = np.repeat(np.arange(days), daily)
        for _ in range(times):
            delay = np.searchsorted(share, random.random(len(age)), side="right")
            seen = delay <= age
            curve = delay_curve(delay[seen], age[seen], np.ones(int(seen.sum())))
            assert curve is not None
            low, high = (float(side[by]) for side in curve.interval())
            yield Estimate(float(curve.share[by]), curve.n, "log(-log)", partial(_given, (low, high)), curve.n)

    says = f"{days} days of {daily} labels that take {mean:g} days on average: come within {by}"
    return Point(says, float(share[by]), draw)


def _given(limits: Limits, level: float) -> Limits:
    return limits


def _weighted(n: int, rate: float, spread: float) -> Point:
    """Draws a log of cases with lognormal weights that do not know the outcome."""

    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        for _ in range(times):
            hit = random.random(n) < rate
            weight = random.lognormal(sigma=spread, size=n)
            counts, weights = np.zeros((3, 3), dtype=int), np.zeros((2, 3, 3))
            for place, side in ((1, hit), (0, ~hit)):
                counts[place, place] = int(side.sum())
                weights[:, place, place] = weight[side].sum(), (weight[side] ** 2).sum()
            counts[1, 0], weights[:, 1, 0] = counts[0, 0], weights[:, 0, 0]
            counts[0, 0], weights[:, 0, 0] = 0, 0
            yield performance.true_positive_rate(Confusion.of(counts, None, weights))

    claimed = n / np.exp(spread**2) * min(rate, 1 - rate) >= 20
    return Point(f"{n:,} cases, rate {rate:g}, weights lognormal {spread:g}", rate, draw, bool(claimed))


def studies() -> Iterator[Study]:
    """Yields the studies of this module."""
    yield from (_latency(q) for q in (0.5, 0.95, 0.99))
    failures = ((168, 50, 0.02, 0.1), (168, 20, 0.1, 0), (672, 100, 0.005, 0.02), (24, 50, 0.02, 0.1))
    yield Study("error_rate, by hours", "a week of hours or more", tuple(_failures(*each) for each in failures))
    yield _divergence("psi", drift.psi, _psi)
    yield _divergence("js_distance", drift.js_distance, _js)
    yield _numeric("ks", drift.ks, lambda shift: 2 * float(norm.cdf(shift / 2)) - 1)
    yield _numeric("wasserstein", drift.wasserstein, lambda shift: shift)
    points = tuple(_value(n, cell, matrix) for n, cell in CELLS for matrix in MATRICES)
    yield Study("value_per_case", "at least 20 positive cases expected", points)
    delays = ((90, 5, 5, 2), (90, 5, 5, 20), (120, 50, 10, 5), (70, 2, 2, 1))
    yield Study("share of labels that have come", "70 days or more", tuple(_delays(*each) for each in delays))
    weighted = ((1000, 0.1, 1.0), (300, 0.3, 0.5), (100, 0.5, 0.5), (2000, 0.05, 0.5), (300, 0.1, 1.0), (300, 0.3, 1.5))
    yield Study(
        "a rate of weighted cases",
        "(sum w)^2 / sum w^2 worth 20 hits and misses",
        tuple(_weighted(*w) for w in weighted),
    )
