"""Performance before labels arrive: against scikit-learn on raw rows, and covering what is realised."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression

from dashboard.metrics import METRICS, forecast_contrasts, forecasts
from dashboard.metrics.estimation import (
    DRAWS,
    Calibrator,
    Part,
    calibrate,
    day_weights,
    expected,
    isotonic,
    too_few,
)
from dashboard.metrics.forecasts import Forecast
from dashboard.metrics.resampling import seed_of
from dashboard.rates import Estimate

Floats = NDArray[np.float64]
SEEDS = st.integers(0, 2**20)
LEVELS = (0.5, 0.8, 0.95, 0.99, 0.9999, 1 - 1e-9)


class Rows:
    """Raw rows: a score on a grid, the model's decision, the label, the day."""

    def __init__(self, seed: int, n: int, bins: int = 40, days: int = 20, centre: float = -1.0, slope: float = 0.7):
        random = np.random.default_rng(seed)
        chance = expit(random.normal(centre, 1.5, n))
        self.values = (np.arange(bins) + 0.5) / bins
        self.bin = np.minimum((chance * bins).astype(int), bins - 1)
        self.score = self.values[self.bin]
        self.label = random.random(n) < expit(slope * np.log(chance / (1 - chance)))
        self.decision = (self.score >= 0.3) ^ (random.random(n) < 0.03)
        self.day = random.integers(0, days, n)
        self.days = days

    def reference(self) -> NDArray[np.int64]:
        counts = np.zeros((self.days, 2, len(self.values)), dtype=np.int64)
        np.add.at(counts, (self.day, self.label.astype(int), self.bin), 1)
        return counts

    def calibrated(self) -> Calibrator:
        return calibrate(self.reference(), self.values, np.arange(self.days))

    def part(self, calibrator: Calibrator) -> Part:
        sides = (np.bincount(self.bin[self.decision == side], minlength=len(self.values)) for side in (False, True))
        return Part(*(side.astype(float) for side in sides), calibrator)

    def realised(self, metric: str) -> float:
        """Returns the metric of the labels by scikit-learn."""
        return by_sklearn(metric, self.label, self.decision, self.score, np.ones(len(self.label)))


def by_sklearn(metric: str, label: Floats, decision: Floats, score: Floats, weight: Floats) -> float:
    tn, fp, fn, tp = sk.confusion_matrix(label, decision, labels=[False, True], sample_weight=weight).ravel()
    known = {
        "true_positive_rate": lambda: tp / (tp + fn), "true_negative_rate": lambda: tn / (tn + fp),
        "false_positive_rate": lambda: fp / (tn + fp), "false_negative_rate": lambda: fn / (tp + fn),
        "negative_predictive_value": lambda: tn / (tn + fn), "false_omission_rate": lambda: fn / (tn + fn),
        "false_discovery_rate": lambda: fp / (tp + fp), "prevalence": lambda: (tp + fn) / weight.sum(),
        "accuracy": lambda: sk.accuracy_score(label, decision, sample_weight=weight),
        "precision": lambda: sk.precision_score(label, decision, sample_weight=weight),
        "f1": lambda: sk.f1_score(label, decision, sample_weight=weight),
        "balanced_accuracy": lambda: sk.balanced_accuracy_score(label, decision, sample_weight=weight),
        "matthews_correlation": lambda: sk.matthews_corrcoef(label, decision, sample_weight=weight),
        "roc_auc": lambda: sk.roc_auc_score(label, score, sample_weight=weight),
        "brier_score": lambda: sk.brier_score_loss(label, score, sample_weight=weight),
    }  # fmt: skip
    return float(known[metric]())


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, n=st.sampled_from([5, 60, 2000]))
def test_isotonic_regression_on_cells_equals_scikit_learn_on_rows(seed: int, n: int) -> None:
    rows = Rows(seed, n)
    fitted = IsotonicRegression(out_of_bounds="clip").fit(rows.score, rows.label)
    found = isotonic(rows.reference().sum(axis=0).astype(float), rows.values)
    assert found == pytest.approx(fitted.predict(rows.values), abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_every_metric_equals_scikit_learn_on_rows_weighted_by_their_probability(seed: int) -> None:
    """Each case counts twice: labelled positive with the weight p, negative with 1 - p."""
    calibrator, rows = Rows(seed, 1500).calibrated(), Rows(seed + 1, 800)
    found = expected([rows.part(calibrator)])
    p = calibrator.probability[rows.bin]
    label = np.repeat([True, False], len(p))
    twice = [np.tile(each, 2) for each in (rows.decision, rows.score)]
    for metric in forecasts.METRICS:
        wanted = by_sklearn(metric, label, *twice, np.concatenate([p, 1 - p]))
        assert forecasts.forecast(metric, found).value == pytest.approx(wanted, abs=1e-9), metric


def test_every_estimate_of_the_table_can_be_made() -> None:
    table = {name.removeprefix("estimated_") for name, entry in METRICS.items()
             if name.startswith("estimated_") and entry.kind == "performance" and "binary" in entry.tasks}  # fmt: skip
    assert table == set(forecasts.METRICS)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_cells_of_parts_add_up(seed: int) -> None:
    calibrator = Rows(seed, 900).calibrated()
    one, other = (Rows(seed + k, 300).part(calibrator) for k in (1, 2))
    both = Part(one.rest + other.rest, one.selected + other.selected, calibrator)
    apart, together = expected([one, other]), expected([both])
    for metric in forecasts.METRICS:
        first, second = (forecasts.forecast(metric, each) for each in (apart, together))
        assert (first.value, first.noise) == pytest.approx((second.value, second.noise))
        assert first.draws == pytest.approx(second.draws)


def test_intervals_are_nested_and_can_be_sent_to_another_process() -> None:
    calibrator = Rows(3, 900).calibrated()
    groups = {name: expected([Rows(k, 400).part(calibrator)]) for k, name in enumerate("abc")}
    rates = {name: forecasts.forecast("true_positive_rate", cells) for name, cells in groups.items()}
    measures: list[Estimate] = [
        *(forecasts.measure(metric, forecasts.forecast(metric, groups["a"])) for metric in forecasts.METRICS),
        forecast_contrasts.difference(rates["a"], rates["b"]),
        forecast_contrasts.ratio(rates["a"], rates["b"]),
        forecast_contrasts.largest_difference([rates]),
        forecast_contrasts.smallest_ratio([rates]),
    ]
    for measure in measures:
        limits = [pickle.loads(pickle.dumps(measure)).interval(level) for level in LEVELS]
        lows, highs = ([np.inf if x is None else x for x in side] for side in zip(*limits, strict=True))
        assert lows == sorted(lows, reverse=True)
        assert highs == sorted(highs)
        assert lows[0] <= measure.value <= highs[0]


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_contrasts_are_those_of_the_rates(seed: int) -> None:
    calibrator = Rows(seed, 900).calibrated()
    rates = {k: forecasts.forecast("precision", expected([Rows(seed + k, 500).part(calibrator)])) for k in (1, 2, 3)}
    values = [rate.value or 0.0 for rate in rates.values()]
    named = {str(k): rate for k, rate in rates.items()}
    assert forecast_contrasts.difference(rates[1], rates[2]).value == pytest.approx(values[0] - values[1])
    assert forecast_contrasts.ratio(rates[1], rates[2]).value == pytest.approx(values[0] / values[1])
    assert forecast_contrasts.largest_difference([named]).value == pytest.approx(max(values) - min(values))
    assert forecast_contrasts.smallest_ratio([named]).value == pytest.approx(min(values) / max(values))


def test_what_the_reference_leaves_open_for_two_groups_alike_cancels_in_their_difference() -> None:
    calibrator, rows = Rows(5, 600).calibrated(), Rows(6, 4000)
    rate = forecasts.forecast("accuracy", expected([rows.part(calibrator)]))
    apart = forecast_contrasts.difference(rate, rate).bounds(0.95)
    alone = 1.96 * (2 * rate.noise) ** 0.5
    assert apart == pytest.approx((-alone, alone), abs=1e-4)


def test_fiellers_limits_are_none_above_where_the_reference_may_turn_out_zero() -> None:
    still = np.zeros(DRAWS)
    likely, rare = Forecast(0.5, 0.001, still + 0.5, 50, 50), Forecast(0.02, 0.001, still + 0.02, 50, 50)
    low, high = forecast_contrasts.ratio(likely, rare).interval(0.95)
    assert low > 0
    assert high is None
    assert forecast_contrasts.ratio(likely, replace(rare, value=0.0)).value is None


def test_the_scores_are_corrected_only_where_that_makes_them_better() -> None:
    assert Rows(1, 20_000, slope=0.5).calibrated().isotonic
    true = Rows(1, 1_000, slope=1.0).calibrated()
    assert not true.isotonic
    assert true.probability == pytest.approx(true.scores)
    assert true.draws.std(axis=0).max() > 0, "what the reference leaves open does not go away with the correction"


def test_the_same_reference_gives_the_same_draws() -> None:
    counts = Rows(2, 700).reference()
    one, other = (calibrate(counts, Rows(2, 1).values, np.arange(20)) for _ in range(2))
    assert (one.draws == other.draws).all()
    assert seed_of([1, 2]) != seed_of([2, 1])
    assert seed_of([1, 2]) != seed_of([[1], [2]])
    assert (day_weights([3, 4, 5]) == day_weights(np.array([3, 4, 5], dtype=np.int16))).all()


def test_days_are_drawn_whole() -> None:
    """Labels of one day that are all alike tell less than as many of different days."""
    rows = Rows(9, 4000, days=20)
    alike = Rows(9, 4000, days=20)
    alike.label = np.where(rows.day % 2 == 0, True, False)

    def spread(of: Rows) -> float:
        return float(expected([rows.part(of.calibrated())]).tp_draws.std())

    assert spread(alike) > 3 * spread(rows)


def test_a_group_needs_five_hundred_labels_and_fifty_of_each() -> None:
    counts = np.array([[[451], [49]]])
    assert "49 of them positive" in too_few(counts)
    assert too_few(counts + 1) == ""
    assert too_few(np.array([[[200], [200]]]))


def test_nothing_expected_is_said_not_zero() -> None:
    never = Calibrator(np.zeros(2), np.zeros((DRAWS, 2)), 9, 0, True, np.array([0.2, 0.8]))
    found = expected([Part(np.array([5.0, 0.0]), np.array([0.0, 5.0]), never)])
    for metric in ("true_positive_rate", "roc_auc", "matthews_correlation", "balanced_accuracy"):
        measure = forecasts.measure(metric, forecasts.forecast(metric, found))
        assert measure.value is None
        assert measure.note.startswith("cannot be computed")
    assert forecasts.forecast("precision", found).value == 0.0


def coverage(reference: int, window: int, replications: int, seed: int = 0, slope: float = 0.7) -> dict[str, float]:
    """Returns how often the realised value lies in the 95 % interval, by metric; "labels alone" of F1 beside it."""
    inside: dict[str, list[bool]] = {}
    for k in range(replications):
        rows = Rows(seed + 2 * k, window, slope=slope)
        found = expected([rows.part(Rows(seed + 2 * k + 1, reference, slope=slope).calibrated())])
        for metric in ("accuracy", "true_positive_rate", "precision", "f1", "roc_auc", "brier_score"):
            forecast = forecasts.forecast(metric, found)
            low, high = forecasts.measure(metric, forecast).interval(0.95)
            inside.setdefault(metric, []).append(low <= rows.realised(metric) <= high)
            if metric == "f1":
                reach = 1.96 * forecast.noise**0.5
                within = abs(rows.realised(metric) - forecast.value) <= reach
                inside.setdefault("labels alone", []).append(within)
    return {metric: float(np.mean(found)) for metric, found in inside.items()}


def test_intervals_hold_the_realised_value() -> None:
    found = coverage(reference=2_000, window=1_000, replications=100)
    assert all(share >= 0.88 for metric, share in found.items() if metric != "labels alone"), found


@pytest.mark.slow
@pytest.mark.parametrize(("reference", "least", "mean"), [(200, 0.85, 0.90), (500, 0.91, 0.93), (5_000, 0.91, 0.925)])
def test_coverage_with_few_and_with_many_reference_labels(reference: int, least: float, mean: float) -> None:
    """With 200 (no reading rests on so few) the chance of the labels alone covers under two thirds of F1."""
    found = coverage(reference, window=1_000, replications=1_000)
    alone = found.pop("labels alone")
    assert alone < (0.66 if reference == 200 else 0.95), alone
    assert min(found.values()) >= least, found
    assert np.mean(list(found.values())) >= mean, found
