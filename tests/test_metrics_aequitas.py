"""Aequitas' published COMPAS table rebuilt from its counts; what is selected of each group adds up."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics import METRICS, aequitas, overall, performance
from dashboard.metrics.performance import Confusion
from dashboard.metrics.table.aequitas import SHORT
from dashboard.rates import Ratio

# ProPublica 2016, decile 5 or higher selected: label by decision. What Aequitas 1.1.0 says of those rows stands below.
COMPAS = {
    "African-American": Confusion.of([[990, 805], [532, 1369]]),
    "Caucasian": Confusion.of([[1139, 349], [461, 505]]),
}
METRICS_THERE = {
    "tpr": (0.7201472909, 0.5227743271), "tnr": (0.5515320334, 0.7654569892), "for": (0.3495400788, 0.288125),
    "fdr": (0.3702851886, 0.4086651054), "fpr": (0.4484679666, 0.2345430108), "fnr": (0.2798527091, 0.4772256729),
    "npv": (0.6504599212, 0.711875), "precision": (0.6297148114, 0.5913348946), "pprev": (0.5882034632, 0.34800326),
    "prev": (0.5143398268, 0.3936430318), "ppr": (0.7179656539, 0.2820343461),
}  # fmt: skip
DISPARITIES_THERE = {
    "ppr": 2.5456674473, "pprev": 1.6902240032, "precision": 1.0649038593, "fdr": 0.9060846735, "for": 1.2131542867,
    "fpr": 1.9120926483, "fnr": 0.586415872, "tpr": 1.3775490753, "tnr": 0.7205264844, "npv": 0.9137277207,
}  # fmt: skip
tables = st.lists(st.integers(0, 80), min_size=9, max_size=9).map(lambda cells: Confusion.of(np.reshape(cells, (3, 3))))
groups_drawn = st.dictionaries(st.sampled_from("abcde"), tables, min_size=1)


@pytest.mark.parametrize("short", SHORT)
def test_group_metrics_of_compas_are_those_of_aequitas(short: str) -> None:
    found = [performance.RATES[SHORT[short]](cells).value for cells in COMPAS.values()]
    assert found == pytest.approx(METRICS_THERE[short], abs=1e-9)


def test_shares_of_the_selected_of_compas_are_those_of_aequitas() -> None:
    found = aequitas.ppr(COMPAS)
    assert [rate.value for rate in found.values()] == pytest.approx(METRICS_THERE["ppr"], abs=1e-9)


@pytest.mark.parametrize("short", DISPARITIES_THERE)
def test_disparities_of_compas_are_those_of_aequitas(short: str) -> None:
    assert f"{short}_disparity" in METRICS
    if short == "ppr":
        value = aequitas.ppr_disparity(COMPAS, "Caucasian")["African-American"].value
    else:
        value = Ratio(*(performance.RATES[SHORT[short]](cells) for cells in COMPAS.values())).value
    assert value == pytest.approx(DISPARITIES_THERE[short], abs=1e-9)


def test_its_eleven_names_are_all_there() -> None:
    assert set(METRICS_THERE) <= set(METRICS)


@given(groups_drawn)
def test_shares_of_the_selected_add_up_to_one(groups: dict[str, Confusion]) -> None:
    shares = [rate.value for rate in aequitas.ppr(groups).values()]
    if None in shares:
        assert all(not aequitas.selected(cells).n for cells in groups.values())
    else:
        assert sum(share or 0 for share in shares) == pytest.approx(1)


@given(groups_drawn, st.sampled_from([0.8, 0.95]))
def test_limits_of_how_many_are_selected_hold_the_value_and_widen_with_the_level(
    groups: dict[str, Confusion], level: float
) -> None:
    for found in aequitas.ppr_disparity(groups, next(iter(groups))).values():
        (low, high), (lower, higher) = found.interval(level), found.interval(0.99)
        assert pickle.loads(pickle.dumps(found)).interval(level) == (low, high)
        if found.value is None:
            assert found.note
            continue
        assert low is not None
        assert lower is not None
        assert 0 <= lower <= low <= found.value
        assert high is None or found.value <= high <= (higher or np.inf)


def test_many_selected_of_few_subjects_widen_the_limits() -> None:
    buckets = np.zeros((3, 3, 256), dtype=np.int64)
    buckets[1, 1, :4] = 25
    alone = {name: Confusion.of([[0, 0], [0, 100]]) for name in "ab"}
    together = {name: Confusion.of(alone[name].counts, buckets if name == "a" else buckets[..., ::-1]) for name in "ab"}
    narrow, wide = (aequitas.ppr_disparity(groups, "a")["b"].interval() for groups in (alone, together))
    assert narrow[0] is not None
    assert wide[0] is not None
    assert wide[0] < narrow[0]


@given(groups_drawn)
def test_a_group_and_the_rest_are_everybody(groups: dict[str, Confusion]) -> None:
    everybody = sum((np.array(cells.counts) for cells in groups.values()), np.zeros((3, 3), dtype=int))
    for name, rest in overall.rests(groups).items():
        assert (np.array(rest.counts) + np.array(groups[name].counts) == everybody).all()


def test_the_rest_is_worth_what_its_own_subjects_make_it() -> None:
    random = np.random.default_rng(1)
    groups = {}
    for name, size in (("a", 1), ("b", 10), ("c", 5)):
        buckets = np.zeros((3, 3, 256), dtype=np.int64)
        for cell in ((0, 0), (0, 1), (1, 0), (1, 1)):
            buckets[cell] = size * random.poisson(0.5, 256)
        groups[name] = Confusion.of(buckets.sum(axis=2), buckets)
    rest = performance.accuracy(overall.rests(groups)["a"])
    assert rest == performance.accuracy(groups["b"] + groups["c"])
    assert rest.deff > 1
