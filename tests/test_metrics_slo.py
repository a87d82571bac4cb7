"""Promises on a service: the share kept, the budget, burn rates and how long it lasts, against counts of raw rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from dashboard import policy
from dashboard.errors import EvenhandError
from dashboard.metrics import promises
from dashboard.metrics.promises import Hours
from dashboard.policy import Promise
from dashboard.report import promises as report
from dashboard.workspace import Model
from tests.worlds import START, Spec, World, build, delivered, draw, found

RULES = 'version = "1"\nminimum_n = 20\n'
FAST = '[[slo]]\nname = "fast"\nmetric = "latency"\nwithin_ms = 60\ntarget = 0.9\nwindow = "7d"\n'
WORKS = '[[slo]]\nname = "works"\nmetric = "errors"\ntarget = 0.9\nwindow = "7d"\n'
SPEC = Spec(seed=5, rows=4000, days=40)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(SPEC, tmp_path_factory.mktemp("world"), RULES + FAST + WORKS)


def broken(rows: pd.DataFrame, promise: Promise) -> tuple[int, int]:
    """Returns how many of the raw rows broke the promise, and of how many."""
    if promise.within_ms is None:
        return int((rows["status"].notna() & (rows["status"] != "ok")).sum()), len(rows)
    cut = promises.nearest_edge(promise.within_ms)[1]
    known = rows["latency_ms"].dropna()
    return int((known >= cut).sum()), len(known)


def promised(model: Model) -> tuple[Promise, ...]:
    assert model.policy is not None
    return model.policy.promises


def rows_between(world: World, since: date, until: date) -> pd.DataFrame:
    return world.frame[(world.frame["day"] >= since) & (world.frame["day"] < until)]


def test_a_promise_is_judged_on_the_rows_of_its_own_days(world: World) -> None:
    findings = [f for f in world.model.findings() if f.metric == "promise_kept"]
    assert [f.feature for f in sorted(findings, key=lambda f: f.feature or "")] == ["fast", "works"]
    current = world.model.plan().by_log.current
    assert current is not None
    for finding, promise in zip(sorted(findings, key=lambda f: f.feature or ""), promised(world.model), strict=True):
        assert (finding.since, finding.until) == (str(current.until - timedelta(days=7)), str(current.until))
        bad, n = broken(rows_between(world, current.until - timedelta(days=7), current.until), promise)
        assert n > 300
        assert (finding.n, finding.value) == (n, pytest.approx(1 - bad / n))
        low, high = proportion_confint(n - bad, n, alpha=1 - finding.level, method="wilson")
        assert finding.low is not None
        assert finding.low <= low + 1e-9  # the hours' design effect can only widen it
        assert finding.high is not None
        assert finding.high >= high - 1e-9
        spent = bad / n / 0.1
        assert f"{bad:,} of {n:,}" in finding.sentence
        assert f"{100 * spent:,.0f} % of the 7-day budget is spent" in finding.sentence


def test_the_state_is_read_off_the_interval_and_the_share(world: World, tmp_path: Path) -> None:
    states = {}
    for share in (0.5, 0.99):
        rules = policy.parse(RULES + FAST.replace("0.9", str(share)), "here", world.model.contract)
        model = Model(replace(world.model.paths), world.model.settings)
        model.__dict__["policy"] = rules
        states[share] = next(f.state for f in model.findings() if f.metric == "promise_kept")
    assert states == {0.5: "within", 0.99: "outside"}


def test_budgets_and_burn_rates_are_shares_of_the_raw_rows(world: World) -> None:
    source, first = world.model.source(), START
    until = first + timedelta(days=SPEC.days)
    for promise in promised(world.model):
        hours = report.hours(source, promise, first, until, None)
        for budget in report.budgets(promise, hours, first, until):
            end = budget.day + timedelta(days=1)
            bad, n = broken(rows_between(world, end - timedelta(days=7), end), promise)
            assert (budget.broken, budget.n) == (bad, n)
            assert budget.left == pytest.approx(1 - bad / n / 0.1)
            assert budget.low is not None
            assert budget.high is not None
            assert budget.low < budget.left < budget.high  # type: ignore[operator]
        counted = world.frame if promise.within_ms is None else world.frame.dropna(subset="latency_ms")
        last = counted["predicted_at"].max().floor("h") + pd.Timedelta(hours=1)
        for burn in report.burns(promise, hours, until):
            for measure, size in ((burn.short, burn.pair.short), (burn.long, burn.pair.long)):
                start = max(last - pd.Timedelta(hours=size), pd.Timestamp(until - timedelta(days=7)))
                rows = world.frame[(world.frame["predicted_at"] >= start) & (world.frame["predicted_at"] < last)]
                bad, n = broken(rows, promise)
                assert (measure.numerator, measure.n) == (bad, n)
                assert measure.value == (pytest.approx(bad / n / 0.1) if n else None)


def test_versions_share_what_was_promised(world: World) -> None:
    promise = promised(world.model)[1]
    until = START + timedelta(days=SPEC.days)
    whole, *each = (report.kept_reading(world.model.source(), promise, until, v) for v in (None, "v1", "v2"))
    assert sum(reading.n for reading in each) == whole.n
    assert sum(reading.numerator or 0 for reading in each) == whole.numerator
    assert whole.feature == "works"


def test_over_the_whole_window_the_burn_rate_is_what_is_spent() -> None:
    hours = Hours.of(range(96), np.full(96, 10), np.arange(96) % 3)
    spent, low, high = promises.promise_kept(hours, 0.95).spent()
    rate = promises.burn_rate(hours, 0.95)
    assert rate.value == pytest.approx(spent)
    assert rate.interval() == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize("days", [4, 28, 90])
def test_a_threshold_spends_its_part_of_the_budget_in_the_long_window(days: int) -> None:
    for pair in promises.pairs(days):
        assert pair.threshold * pair.long / (24 * days) == pytest.approx(pair.part)
        assert pair.short < pair.long <= 24 * days
    thirty = [pair.threshold for pair in promises.pairs(30)]
    assert thirty == pytest.approx([6, 1, 1])  # the workbook's, for what spends 5 % in 6 hours and 10 % in 3 days


@given(
    st.lists(st.tuples(st.integers(1, 200), st.integers(0, 200)), min_size=4, max_size=30),
    st.sampled_from([0.5, 0.9, 0.99]),
)
def test_the_day_on_which_the_budget_is_used_up_is_that_of_a_walk_ahead(
    days: list[tuple[int, int]], share: float
) -> None:
    n = [float(count) for count, _ in days]
    bad = [float(min(count, wrong)) for count, wrong in days]
    rate, mean, size = sum(bad[-3:]) / sum(n[-3:]), sum(n) / len(n), len(n)
    expected = None
    for ahead in range(size + 1):
        if sum(bad[-size:]) > (1 - share) * sum(n[-size:]) + 1e-6:
            expected = ahead
            break
        n.append(mean)
        bad.append(mean * rate)
    counts = np.array(days)
    assert promises.empties_in(counts[:, 0], np.minimum(counts[:, 0], counts[:, 1]), share) == expected


def test_hours_that_break_it_together_widen_the_interval() -> None:
    spread = promises.promise_kept(Hours.of(range(100), [20] * 100, [1] * 100), 0.9)
    together = promises.promise_kept(Hours.of(range(100), [20] * 100, [20] * 5 + [0] * 95), 0.9)
    assert spread.value == together.value
    assert together.interval()[0] < spread.interval()[0] - 0.02  # type: ignore[operator]


@given(st.floats(0.02, 9e6))
def test_a_limit_is_counted_at_most_one_per_cent_off(ms: float) -> None:
    at, edge = promises.nearest_edge(ms)
    assert edge == pytest.approx(ms, rel=0.0101)
    from dashboard.metrics.service import latency_bin

    assert latency_bin(edge) == at + 1
    assert latency_bin(edge * (1 - 1e-9)) == at


def test_a_day_of_another_zone_has_its_own_hours(tmp_path: Path) -> None:
    spec = Spec(seed=1, rows=1500, days=9)
    raw = draw(spec)
    model = found(tmp_path, spec.contract.replace("[columns]", 'timezone = "Asia/Kolkata"\n[columns]'))
    model.log(delivered(raw, spec))
    model.rollup()
    promise = Promise("works", "errors", 0.9, 7)
    extent = model.extent()
    until = extent.last + timedelta(days=1)
    reading = report.kept_reading(model.source(), promise, until)
    counted = {r.metric: r for r in model.readings(metrics=("error_rate",), since=until - timedelta(days=7))}
    assert reading.n == counted["error_rate"].n
    assert reading.n - (reading.numerator or 0) == counted["error_rate"].numerator


def test_nothing_answered_is_nothing_kept(world: World) -> None:
    promise = promised(world.model)[0]
    reading = report.kept_reading(world.model.source(), promise, START - timedelta(days=100))
    assert (reading.value, reading.n) == (None, 0)
    assert report.burns(promise, Hours.of([], [], []), START) == []
    assert [one.left for one in report.budgets(promise, Hours.of([], [], []), START, START + timedelta(days=2))] == [
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FAST.replace("within_ms", "within"), "'within' is not a key"),
        (FAST.replace("latency", "latencies"), "nothing is promised of 'latencies'.*'latency'"),
        (FAST.replace("target = 0.9", "target = 1.0"), "has no budget"),
        (FAST.replace("target = 0.9\n", ""), "target is None"),
        (FAST.replace("within_ms = 60\n", ""), "within_ms is None"),
        (FAST.replace("= 60", "= 0"), "within_ms is 0"),
        (FAST.replace('"7d"', '"3d"'), "4 days or more"),
        (WORKS + "within_ms = 3\n", "errors have no within_ms"),
        (FAST + FAST.replace("60", "70"), "two promises named 'fast'"),
        (FAST.replace('name = "fast"\n', ""), "has no name"),
        ('[[rule]]\nmetric = "promise_kept"\nmin = 0.9', "a promise is not a rule"),
        ("", "has no rule"),
    ],
)
def test_a_promise_that_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(EvenhandError, match=said):
        policy.parse(RULES + text, "here")


def test_a_promise_needs_its_column(world: World) -> None:
    without = Spec(without=frozenset({"subject", "status"}))
    contract = replace(world.model.contract, columns={"latency_ms": "latency_ms"})
    assert without.contract
    with pytest.raises(EvenhandError, match="names no status"):
        policy.parse(RULES + WORKS, "here", contract)


def test_a_policy_without_promises_keeps_its_digest() -> None:
    rule = '[[rule]]\nmetric = "accuracy"\nmin = 0.8\n'
    plain, more = (policy.parse(RULES + text, "here") for text in (rule, rule + FAST))
    assert plain.digest != more.digest
    assert plain.promises == ()
    assert plain.digest.startswith("e11b445d223d75a4")  # as it was before a policy could make any


def test_asked_by_name_a_promise_says_where_it_is_judged(world: World) -> None:
    (reading,) = world.model.readings(metrics=("promise_kept",))
    assert reading.value is None
    assert "policy.toml" in reading.note
