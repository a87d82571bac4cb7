"""A change of unit is found, dated and named; drift, mixtures and chance are not taken for one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dashboard.metrics.histograms import Histogram
from dashboard.metrics.unit_change import Change, change, misfit, segment, trimmed
from dashboard.metrics.units import DEGREES, PAIRS, probable, scales
from dashboard.report import unit_changes
from dashboard.report.unit_changes import UnitChange, furthest
from dashboard.workspace import Workspace
from tests.test_odd_models import opened
from tests.worlds import Spec, delivered, draw
from tests.worlds import found as world_of

DAYS, SINCE = 180, 56
UNITS = {"weight": "kg", "temperature": "", "outdoors": "Celsius"}
Floats = NDArray[np.float64]


def log_of(values: Floats, days: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    order = np.lexsort((values, days))
    return days[order], values[order]


def found(seed: int, each: int, what: str = "lactate", **then: float) -> Change | None:
    """Looks at `each` values on every day; from `at` until `until` they are scale times as large, and shift more."""
    rng = np.random.default_rng(seed)
    days = np.repeat(np.arange(DAYS), each)
    values = drawn(rng, what, len(days))
    changed = (days >= then.get("at", DAYS)) & (days < then.get("until", DAYS))
    changed &= rng.random(len(days)) < then.get("share", 1.0)
    moved = values * then.get("scale", 1.0) + then.get("shift", 0.0)
    shown = np.round(np.where(changed, moved, values), int(then.get("decimals", 1)))
    return change(*log_of(shown, days), SINCE, scales(what, UNITS.get(what, "")))


def drawn(rng: np.random.Generator, what: str, n: int) -> Floats:
    return {
        "lactate": lambda: np.round(np.exp(rng.normal(0.3, 0.45, n)), 1),
        "crp": lambda: np.exp(rng.normal(2.2, 1.06, n)),
        "weight": lambda: rng.normal(75, 15, n),
        "temperature": lambda: rng.normal(37, 0.5, n),
        "outdoors": lambda: rng.normal(4, 8, n),
    }[what]()


def test_a_factor_of_nine_is_found_on_its_day_with_an_interval_that_holds_it() -> None:
    one = found(1, 20, at=122, scale=9.0)
    assert one is not None
    assert (one.start, one.end) == (122, None)
    assert one.low < 9.0 < one.high
    assert one.high / one.low < 1.1


def test_a_change_that_was_put_right_has_an_end() -> None:
    one = found(2, 30, "weight", at=100, until=110, scale=2.2046)
    assert one is not None
    assert (one.start, one.end) == (100, 110)
    assert one.scale == pytest.approx(2.2046, rel=0.05)


@pytest.mark.parametrize(("unit", "other", "scale", "shift"), DEGREES[:2])
@pytest.mark.parametrize("what", ["temperature", "outdoors"])
def test_degrees_are_told_from_a_factor(what: str, unit: str, other: str, scale: float, shift: float) -> None:
    one = found(3, 40, what, at=90, scale=scale, shift=shift)
    assert one is not None
    assert (one.start, one.units) == (90, (other, unit))


@pytest.mark.parametrize("scale", [0.01, 1 / 2.2046, 1.8, 1000.0])
def test_factors_up_and_down_are_found(scale: float) -> None:
    one = found(4, 40, "weight", at=140, scale=scale, decimals=4)
    assert one is not None
    assert one.start == 140
    assert one.scale == pytest.approx(scale, rel=0.03)


def test_a_third_of_the_rows_in_another_unit_is_no_constant_factor() -> None:
    assert found(5, 60, at=122, scale=9.0, share=1 / 3) is None


def test_growth_over_months_is_drift() -> None:
    rng = np.random.default_rng(6)
    days = np.repeat(np.arange(DAYS), 50)
    ages = np.clip(rng.normal(50, 15, len(days)) + 30 * np.clip((days - 60) / 100, 0, 1), 1, 100)
    assert change(*log_of(np.round(ages), days), SINCE) is None
    waves = np.exp(rng.normal(2.2, 0.8, len(days)) + 1.2 * np.clip((days - 80) / 60, 0, 1))
    assert change(*log_of(waves, days), SINCE) is None


def test_another_shape_is_no_other_unit() -> None:
    rng = np.random.default_rng(7)
    days = np.repeat(np.arange(DAYS), 50)
    values = np.exp(np.where(days < 100, rng.normal(0, 0.3, len(days)), rng.normal(1.0, 0.8, len(days))))
    assert change(*log_of(values, days), SINCE) is None


def test_a_hundred_logs_without_a_change_have_none() -> None:
    kinds = ("lactate", "crp", "weight", "temperature", "outdoors")
    assert [one for seed in range(100) if (one := found(seed, 3 + seed % 17, kinds[seed % 5]))] == []


def test_what_changed_in_the_reference_is_its_business() -> None:
    assert found(8, 30, at=20, scale=9.0) is None


@pytest.mark.parametrize("values", [[], [0.0] * 400, [1.0] * 400, [float(k) for k in range(10)]])
def test_nothing_much_has_no_change(values: list[float]) -> None:
    days = np.arange(len(values), dtype=np.int64)
    assert change(days, np.array(values, dtype=np.float64), 5) is None


def test_the_segment_is_the_best_of_all() -> None:
    rng = np.random.default_rng(9)
    middles, n = rng.normal(0, 1, 30) + np.where(np.arange(30) >= 21, 2, 0), rng.integers(30, 60, 30)

    def contrast(start: int, end: int) -> float:
        inside = np.zeros(30, bool)
        inside[start:end] = True
        means = [np.average(middles[part], weights=n[part]) for part in (inside, ~inside)]
        weights = [n[part].sum() for part in (inside, ~inside)]
        return float((means[0] - means[1]) ** 2 * weights[0] * weights[1])

    best = max(
        ((start, end) for start in range(10, 30) for end in range(start + 1, 31)), key=lambda pair: contrast(*pair)
    )
    assert segment(np.arange(30), middles, n, 10) == best


def test_the_trimmed_difference_is_yuens() -> None:
    rng = np.random.default_rng(10)
    before, after = rng.normal(0, 1, 200), rng.standard_t(3, 90) + 0.3
    moved, error, freedom = trimmed(before, after)
    oracle = stats.ttest_ind(after, before, equal_var=False, trim=0.1)
    assert moved / error == pytest.approx(oracle.statistic)
    assert freedom == pytest.approx(oracle.df)


def test_the_misfit_is_the_area_between_the_distributions() -> None:
    rng = np.random.default_rng(11)
    before, now = rng.normal(0, 2, 4000), rng.normal(1, 2, 4000)
    assert misfit(before, now) == pytest.approx(stats.wasserstein_distance(before, now) / before.std(), rel=0.08)


def test_every_pair_is_named_from_either_side() -> None:
    for pair in PAIRS:
        name = f"the_{pair.words[0]}" if pair.words else "something"
        assert probable(name, pair.unit, pair.factor) == (pair.other, pair.unit, pair.factor)
        assert probable(name, pair.other, 1 / pair.factor) == (pair.unit, pair.other, 1 / pair.factor)
    assert probable("lactate", "mmol/L", 18.0) is None
    assert probable("lactate", "", 9.0) == ("mg/dL", "mmol/L", 9.008)


def test_one_small_group_in_another_unit_is_seen_in_the_tail() -> None:
    usual, tail = Histogram.of([990, 10], [0, 0]), Histogram.of([960, 40], [0, 0])
    assert furthest(usual, usual) == 0
    assert 3.5 < furthest(usual, tail) < 5
    assert furthest(usual, Histogram.of([0, 0], [0, 0])) == 0


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"scale": 9.1, "low": 8.8, "high": 9.3, "now": "mg/dL", "before": "mmol/L", "pair": 9.008},
         "x looks multiplied by 9.0 since 3 May: probably mg/dL instead of mmol/L."),
        ({"scale": 0.001, "low": 0.0009, "high": 0.0011}, "x looks divided by 1,000 since 3 May."),
        ({"scale": 1.8, "shift": 32.0, "now": "°F", "before": "°C"}, "x looks like °F instead of °C since 3 May."),
        ({"shift": -40.0, "until": date(2026, 5, 6)}, "x looks shifted by -40 from 3 May to 5 May."),
        ({"scale": 3.0, "until": date(2026, 5, 4), "attribute": "age_band", "group": "65+"},
         "x with age band 65+ looks multiplied by 3.0 on 3 May."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_where_and_since_when(given: dict[str, object], sentence: str) -> None:
    plain: dict[str, object] = {
        "feature": "x", "attribute": None, "group": None, "since": date(2026, 5, 3), "until": None, "scale": 1.0,
        "shift": 0.0, "low": 0.0, "high": 0.0, "n_before": 900, "n_after": 300, "misfit": 0.05,
    }  # fmt: skip
    assert UnitChange(**plain | given).sentence == sentence  # type: ignore[arg-type]


def test_the_sample_has_the_planted_change_and_no_other(sample: Path) -> None:
    changes = Workspace(sample).model("triage").unit_changes()
    assert [change.sentence for change in changes] == [
        "lactate at site C looks multiplied by 9.0 since 3 May: probably mg/dL instead of mmol/L."
    ]
    assert changes[0].low < 9.0 < changes[0].high


@pytest.mark.parametrize("page", ["overview", "data"])
def test_overview_and_data_say_it(page: str, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, words = opened(sample, page, monkeypatch)
    assert "lactate at site C looks multiplied by 9.0 since 3 May: probably mg/dL instead of mmol/L." in words


def test_a_change_everywhere_is_told_once_with_its_days(tmp_path: Path) -> None:
    spec = Spec(seed=4, rows=6000, days=90)
    frame = draw(spec)
    late = frame["predicted_at"] >= "2026-04-01"
    model = world_of(tmp_path, spec.contract)
    model.log(delivered(frame.assign(lactate=frame["lactate"].where(~late, frame["lactate"] * 9.008)), spec))
    model.rollup()
    [one] = model.unit_changes()
    assert one.sentence == "lactate looks multiplied by 9.0 since 1 April: probably mg/dL instead of mmol/L."
    medians = dict(one.medians)
    assert len(medians) == 90
    assert medians[date(2026, 4, 2)] == pytest.approx(
        9.008 * frame.loc[frame["day"] == date(2026, 4, 2), "lactate"].median(), abs=1e-9
    )


def test_what_was_found_is_kept_beside_the_rollup_and_an_event(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Workspace(sample).model("triage")
    changes = model.unit_changes()
    assert list((model.paths.rollup / "units").glob("*.json"))

    def never(*asked: object) -> None:
        raise AssertionError("the log is read once")

    monkeypatch.setattr(unit_changes, "_read", never)
    again = Workspace(sample).model("triage")
    assert again.unit_changes() == changes
    told = [event for event in again.events() if event.series == "unit"]
    assert [event.sentence for event in told] == [f"{one.sentence} {one.effect}".strip() for one in changes]
    assert {event.kind for event in told} == {"change"}
    assert again.units_not_looked_at() == []
    monkeypatch.setattr(unit_changes, "FEATURES", 0)
    assert "lactate" in again.units_not_looked_at()
