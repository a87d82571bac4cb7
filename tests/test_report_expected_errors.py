"""Errors of a regression estimated before their labels arrive: against what came, and against the trees themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from dashboard.bins_losses import MODELS, LossFacts, LossTables
from dashboard.metrics.direct import Residuals, expected_loss, rooted
from dashboard.report import Reading
from dashboard.rollup.loss_model import Rows, boosted, fit
from dashboard.workspace import Model
from tests.errors_world import ErrorSpec, draw
from tests.worlds import found

NAMES = ("mean_absolute_error", "root_mean_squared_error")
LATER = pd.Timestamp("2026-03-21")  # the reference is the first 56 days
SPEC = ErrorSpec(rows=4000, days=80, seed=5)
Floats = NDArray[np.float64]


def given(raw: pd.DataFrame) -> pd.DataFrame:
    return raw.drop(columns=["day", "band", "both"])


def readings(model: Model, attribute: str | None = None, **asked: str) -> dict[tuple[str, str | None], Reading]:
    names = (*NAMES, *(f"estimated_{name}" for name in NAMES))
    attributes = (attribute,) if attribute else ()
    since = LATER.date()
    got = model.readings(since=since, until=model.extent().last, metrics=names, attributes=attributes, **asked)  # type: ignore[arg-type]
    return {(reading.metric, reading.group): reading for reading in got}


def sicker(raw: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows with three times as many of ward C after the reference: there the errors are larger."""
    later = raw["time"] >= LATER
    kept = ~later | (raw["ward"] == "C") | (np.random.default_rng(1).random(len(raw)) < 1 / 3)
    return raw[kept]


def test_estimates_come_before_labels_and_follow_the_inputs(tmp_path: Path) -> None:
    raw = sicker(draw(SPEC))
    early = raw["time"] < LATER
    model = found(tmp_path, SPEC.contract, SPEC.name)
    model.log(given(raw.assign(stayed=raw["stayed"].where(early))))
    model.rollup()
    before = readings(model)
    assert before["mean_absolute_error", None].value is None
    late = raw[~early & raw["stayed"].notna()]
    model.log_labels(late[["id", "stayed"]])
    model.rollup()
    after = readings(model)
    reference = (raw["predicted"] - raw["stayed"])[early].abs().mean()
    for name in NAMES:
        estimate, came = before[f"estimated_{name}", None], after[name, None]
        assert estimate.method == "DLE"
        assert estimate.low is not None
        assert estimate.high is not None
        assert came.value is not None
        assert estimate.low <= came.value <= estimate.high
        # Labels that come change nothing: it is a forecast of the whole.
        assert after[f"estimated_{name}", None].value == estimate.value
    worse = before["estimated_mean_absolute_error", None].value
    assert worse is not None
    assert worse > 1.15 * reference


def test_every_group_with_enough_labels_has_its_own_level(tmp_path: Path) -> None:
    raw = draw(SPEC)
    # Nothing but the group says that errors are larger among F, of whom there are many, and X, of whom there are few.
    sex = np.where(np.arange(len(raw)) % 40 == 0, "X", raw["sex"])
    raw["sex"] = sex
    raw.loc[raw["sex"] == "F", "stayed"] = raw["predicted"] - 3 * (raw["predicted"] - raw["stayed"])
    model = found(tmp_path, SPEC.contract, SPEC.name)
    model.log(given(raw))
    model.rollup()
    by_sex = readings(model, "sex")
    for group in ("F", "M"):
        estimate, came = by_sex["estimated_mean_absolute_error", group], by_sex["mean_absolute_error", group]
        assert estimate.low is not None
        assert estimate.high is not None
        assert came.value is not None
        assert estimate.low <= came.value <= estimate.high
    few = by_sex["estimated_mean_absolute_error", "X"]
    assert few.value is None
    assert "fewer than 500 labels of this group" in few.note


def test_the_loss_model_is_made_when_labels_suffice_and_then_kept(tmp_path: Path) -> None:
    raw = draw(SPEC)
    model = found(tmp_path, SPEC.contract, SPEC.name)
    model.log(given(raw.assign(stayed=None)).drop(columns="stayed"))
    model.rollup()
    assert "fewer than 500 labels" in readings(model)["estimated_mean_absolute_error", None].note
    known = raw[raw["stayed"].notna() & (raw["time"] < LATER)]
    model.log_labels(known[["id", "stayed"]].head(1000))
    first = model.rollup()
    assert len(first.days) == SPEC.days  # the inputs of every day are counted again
    value = readings(model)["estimated_mean_absolute_error", None].value
    model.log_labels(known[["id", "stayed"]].tail(200))
    assert len(model.rollup().days) <= 56
    assert readings(model)["estimated_mean_absolute_error", None].value == value


def test_a_version_without_labels_in_the_reference_has_no_estimate(tmp_path: Path) -> None:
    raw = draw(SPEC)
    raw.loc[raw["time"] < LATER, "version"] = "v1"
    model = found(tmp_path, SPEC.contract, SPEC.name)
    model.log(given(raw))
    model.rollup()
    assert readings(model, version="v1")["estimated_mean_absolute_error", None].value is not None
    newer = readings(model, version="v2")["estimated_mean_absolute_error", None]
    assert newer.value is None
    assert "of versions without labels in the reference, which has v1" in newer.note


# The model itself


def drawn(random: np.random.Generator, n: int, shift: float = 0.0) -> tuple[dict[str, NDArray[np.int64]], Floats]:
    """Returns codes of inputs, and absolute errors whose size grows with them."""
    x = np.clip(random.normal(shift, 1, n) * 15 + 60, 0, 119).astype(np.int64)
    ward, sex = random.integers(0, 3, n), (random.random(n) < 0.4).astype(np.int64)
    size = 0.5 + x / 60 + (ward == 2) + 0.4 * sex
    codes = {"number:x": x, "category:ward": ward, "value": random.integers(0, 50, n), "group:sex": sex}
    return codes, np.abs(random.laplace(size=n) * size)


SIZES = {"number:x": 122, "category:ward": 4, "value": 52, "group:sex": 3}
LEVELS: dict[str, tuple[str | None, ...]] = {"category:ward": ("a", "b", "c"), "group:sex": ("F", "M")}


def fitted(seed: int, n: int = 1500) -> tuple[LossFacts, LossTables, Rows]:
    random = np.random.default_rng(seed)
    codes, off = drawn(random, n)
    rows = Rows(np.column_stack((off, off**2)), codes, SIZES, LEVELS, random.integers(0, 40, n), ("v1",))
    return *fit(rows), rows


def test_looking_inputs_up_says_what_the_trees_say() -> None:
    _, tables, rows = fitted(1)
    names = [name for name in rows.codes if not name.startswith("group:")]
    inputs = np.column_stack([rows.codes[name].astype(float) for name in names])
    with threadpool_limits(1):
        trees = boosted(inputs, rows.losses[:, 0], names).predict(inputs)
    group = tables.inputs["group:sex"][rows.codes["group:sex"], 0]
    np.testing.assert_allclose((tables.of_rows(rows.codes)[:, 0] - group) / 1e6, trees, atol=1e-5)


def test_on_the_reference_the_estimate_of_every_group_is_what_was() -> None:
    _, tables, rows = fitted(2)
    for sex in (0, 1):
        there = rows.codes["group:sex"] == sex
        expected = tables.of_rows({name: codes[there] for name, codes in rows.codes.items()}).mean(axis=0) / 1e6
        np.testing.assert_allclose(expected[[0, MODELS]], rows.losses[there].mean(axis=0), atol=1e-4)


def test_what_comes_lies_in_the_interval() -> None:
    covered = []
    for seed in range(8):
        facts, tables, _ = fitted(seed)
        codes, off = drawn(np.random.default_rng(1000 + seed), 1000, shift=0.5)
        totals = [int(total) for total in tables.of_rows(codes).sum(axis=0)]
        worse = totals[MODELS] / 1000 / 1e6 / facts.square
        of = [
            Residuals(v, d, 1500, facts.blocks, worse**p)
            for v, d, p in zip(facts.variances, facts.deffs, (1, 2), strict=True)
        ]
        mean, root = expected_loss(totals[:MODELS], 1000, of[0]), rooted(expected_loss(totals[MODELS:], 1000, of[1]))
        for measure, came in ((mean, off.mean()), (root, np.sqrt((off**2).mean()))):
            low, high = measure.interval()
            assert low is not None
            assert high is not None
            covered.append(low <= came <= high)
    assert np.mean(covered) >= 0.8


@pytest.mark.parametrize("seed", [1, 2])
def test_inputs_that_say_nothing_change_nothing(seed: int) -> None:
    _, tables, rows = fitted(seed, 600)
    same = {"number:gone": np.full(600, 9), "category:gone": np.zeros(600, dtype=np.int64)}
    sizes = SIZES | {"number:gone": 10, "category:gone": 2}
    levels = LEVELS | {"category:gone": (None,)}
    _, more = fit(Rows(rows.losses, rows.codes | same, sizes, levels, rows.blocks, rows.versions))
    assert not more.inputs["number:gone"].any()
    np.testing.assert_array_equal(more.of_rows(rows.codes | same), tables.of_rows(rows.codes))


@pytest.mark.parametrize("total", [2_000_000, 0, -1_000_000])
def test_intervals_are_nested_and_never_below_zero(total: int) -> None:
    found = expected_loss([total] * 6, 10, Residuals(4.0, 1.5, 500, 56))
    (low, high), (lower, higher) = found.interval(0.8), found.interval(0.99)
    assert low is not None
    assert lower is not None
    assert high is not None
    assert 0 <= lower <= low <= (found.value or 0) <= high
    assert higher is None or higher >= high
