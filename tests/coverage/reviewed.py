"""Worlds of cases of which experts flag some and audit others: how often the estimates' intervals contain the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.audit_sample import proportional, systematic
from dashboard.metrics.reviewed import Reviewed, error_rate, plain, true_positive_rate
from dashboard.rates import Measure

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
CASES = 3000  # the frame, each time drawn anew
EACH = 20  # audits of one frame
SIZES = (50, 100, 200, 400)
ERRORS = (0.05, 0.08, 0.11, 0.14)
POSITIVES = {50: 0.8, 100: 0.6, 200: 0.4, 400: 0.3}  # so that 30 of them are among those reviewed


@dataclass(frozen=True)
class World:
    """Says how many are audited, how often the model errs, how unequal the chances are, and whom experts flag.

    The largest inclusion probability is `unequal` times the smallest; `leaning` is how much likelier errors are among
    cases of large (1) or of small ones (-1); `flags` are the shares of errors and of right decisions that are flagged.
    """

    audited: int
    error: float
    unequal: float = 1.0
    leaning: float = 0.0
    flags: tuple[float, float] = (0.0, 0.0)
    missing: float = 0.0  # share of those drawn whom nobody reviews

    def says(self) -> str:
        """Returns it in words."""
        lean = {0.0: "", 1.0: ", errors where they are large", -1.0: ", errors where they are small"}[self.leaning]
        odd = f"probabilities up to {self.unequal:g}:1{lean}" if self.unequal > 1 else "equal probabilities"
        flags = f", {self.flags[0]:.0%} of errors flagged" if self.flags[0] else ""
        gone = f", {self.missing:.0%} never reviewed" if self.missing else ""
        return f"{self.audited} audited, error {self.error:.0%}, {odd}{flags}{gone}"


@dataclass(frozen=True)
class Told:
    """Holds how many intervals contained the truth, and how many could not be computed."""

    world: World
    inside: int
    drawn: int
    undefined: int

    @property
    def coverage(self) -> float:
        return self.inside / self.drawn

    @property
    def error(self) -> float:
        """The standard error of the coverage at 95 %, frames drawn anew every few audits."""
        return float(np.sqrt(0.95 * 0.05 / self.drawn))


@dataclass(frozen=True)
class Metric:
    """Names an estimate, its function and what is true of a frame of (decision, answer)."""

    name: str
    estimate: Callable[[Reviewed], Measure]
    truth: Callable[[Flags, Flags], float]


ERROR = Metric("error_rate", error_rate, lambda decision, answer: float((decision != answer).mean()))
FOUND = Metric("true_positive_rate", true_positive_rate, lambda decision, answer: float(decision[answer].mean()))


def coverage(metric: Metric, world: World, replications: int) -> Told:
    """Returns how often the intervals of so many audits contain what is true of their frame."""
    inside = undefined = 0
    for cases, truth in audits(metric, world, replications):
        found = metric.estimate(cases)
        low, high = found.interval()
        if found.value is None or low is None or high is None:
            undefined += 1
        else:
            inside += low - 1e-12 <= truth <= high + 1e-12
    return Told(world, inside, replications - undefined, undefined)


def audits(metric: Metric, world: World, replications: int) -> Iterator[tuple[Reviewed, float]]:
    """Yields audits with the truth of their frames; the seed is made of the words, so that every run draws the same."""
    random = np.random.default_rng(crc32(f"{metric.name}: {world.says()}".encode()))
    for start in range(0, replications, EACH):
        decision, answer, pi, flagged = frame(world, random)
        truth = metric.truth(decision, answer)
        for _ in range(min(EACH, replications - start)):
            yield audit(decision, answer, pi, flagged, world.missing, random), truth


def frame(world: World, random: np.random.Generator) -> tuple[Flags, Flags, Floats, Flags]:
    """Returns the decisions and right answers of all cases, the probabilities of the rest, and who is flagged."""
    size = world.unequal ** random.uniform(size=CASES)  # from 1 to `unequal`
    place = np.log(size) / np.log(world.unequal) if world.unequal > 1 else np.zeros(CASES)
    chance = world.error * (1 + world.leaning * 1.6 * (place - 0.5))
    wrong = random.uniform(size=CASES) < chance
    answer = random.uniform(size=CASES) < POSITIVES[world.audited]
    flagged = random.uniform(size=CASES) < np.where(wrong, *world.flags)
    pi = np.zeros(CASES)
    pi[~flagged] = proportional(size[~flagged], world.audited)
    return answer ^ wrong, answer, pi, flagged


def audit(
    decision: Flags, answer: Flags, pi: Floats, flagged: Flags, missing: float, random: np.random.Generator
) -> Reviewed:
    """Returns one audit of a frame: those flagged, and a random sample of the rest, some of them never reviewed."""
    chosen = np.concatenate([np.flatnonzero(flagged), systematic(pi, random)])
    there = flagged[chosen] | (random.uniform(size=chosen.size) >= missing) if missing else True
    return plain(decision[chosen], answer[chosen], np.where(flagged, 1.0, pi)[chosen], CASES, flagged[chosen], there)


def equal() -> list[World]:
    """Returns the worlds in which all of the rest are as likely to be audited."""
    return [World(n, error) for n in SIZES for error in ERRORS]


def unequal() -> list[World]:
    """Returns the worlds in which some are up to ten times as likely as others, at random or by where errors are."""
    worlds = [World(n, error, ratio) for n in SIZES for error in ERRORS for ratio in (3.0, 10.0)]
    return worlds + [World(n, error, 10.0, lean) for n in SIZES for error in ERRORS for lean in (1.0, -1.0)]


def flagged() -> list[World]:
    """Returns the worlds in which experts have flagged some of the errors beforehand, or some reviews are missing."""
    worlds = [World(n, error, 10.0, flags=(0.4, 0.01)) for n in SIZES for error in ERRORS]
    return worlds + [replace(world, missing=0.3) for world in equal()]


# Two groups whose flags say where experts look, not where the model errs.
GROUP = 2000
AUDITED = 60
WRONG = {"A": 0.16, "B": 0.12}  # the model errs more in A: 14 % of all
NOTICED = {"A": (0.2, 0.01), "B": (0.8, 0.01)}  # experts flag its errors in B


@dataclass(frozen=True)
class Run:
    """Holds, of one run, what is true of all, its estimate and the naive one; whether the naive gap is turned round.

    `inside` counts the groups whose interval contains their truth.
    """

    truth: float
    estimated: float
    naive: float
    turned: bool
    inside: int


def two_groups(random: np.random.Generator) -> Run:
    """Returns one run: flags and an audit in both groups, estimated and naively counted."""
    (a, in_a), (b, in_b) = (_group(name, random) for name in WRONG)
    values, inside = [], 0
    for cases, truth in ((a, in_a), (b, in_b)):
        found = error_rate(cases)
        low, high = found.interval()
        values.append(found.value or 0.0)
        inside += (low or 0.0) <= truth <= (high or 0.0)
    naive = (_wrong(a) + _wrong(b)) / (a.decision.size + b.decision.size)
    turned = _wrong(a) / a.decision.size < _wrong(b) / b.decision.size
    return Run((in_a + in_b) / 2, sum(values) / 2, naive, turned and in_a > in_b, inside)


def _wrong(cases: Reviewed) -> int:
    """Returns how many of all reviewed are wrong: their share, the naive estimate, stands here only to be refuted."""
    return int((cases.decision != cases.answer).sum())


def _group(name: str, random: np.random.Generator) -> tuple[Reviewed, float]:
    wrong, answer = (random.uniform(size=GROUP) < share for share in (WRONG[name], 0.4))
    flags = random.uniform(size=GROUP) < np.where(wrong, *NOTICED[name])
    drawn = random.permutation(np.flatnonzero(~flags))[:AUDITED]
    chosen = np.concatenate([np.flatnonzero(flags), drawn])
    pi = np.where(flags[chosen], 1.0, AUDITED / (GROUP - int(flags.sum())))
    return plain((answer ^ wrong)[chosen], answer[chosen], pi, GROUP, flags[chosen]), float(wrong.mean())
