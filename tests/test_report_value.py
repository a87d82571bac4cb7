"""What cases are worth, from the log to the reading and the finding, against the raw rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.report import Scope
from dashboard.workspace import Model
from tests.two_versions import CONTRACT, model_of, two
from tests.worlds import found


@pytest.fixture(scope="module")
def both() -> tuple[pd.DataFrame, pd.DataFrame]:
    return two()


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory, both: tuple[pd.DataFrame, pd.DataFrame]) -> Model:
    return model_of(tmp_path_factory.mktemp("paired"), *both, more='[versions]\nshadow = ["v2"]')


MATRIX = '[value]\nunit = "EUR"\ntp = 90\nfp = -10.5\nfn = -200\ntn = 0\n'
WORTH = {(1, 1): 90, (0, 1): -10.5, (1, 0): -200, (0, 0): 0}


@pytest.mark.parametrize("columns", ["", 'subject = "patient"', 'weight = "weight"'])
def test_values_are_those_of_the_raw_rows(
    tmp_path: Path, both: tuple[pd.DataFrame, pd.DataFrame], columns: str
) -> None:
    model = model_of(tmp_path, both[0], columns=f'value = "value"\n{columns}', more=MATRIX)
    rows = both[0]
    for attribute in (None, "sex"):
        for reading in model.readings(attributes=(attribute,) if attribute else (), kinds=("performance",)):
            if METRIC.get(reading.metric) is None:
                continue
            part = rows if reading.group is None else rows[rows["sex"] == reading.group]
            known = part[part["label"].notna()]
            said = known["score"] >= 0.5
            worth = pd.Series([WORTH[int(y), int(d)] for y, d in zip(known["label"], said, strict=True)], known.index)
            weight = known["weight"] if "weight" in columns else pd.Series(1.0, known.index)
            expected = {
                "value_per_case": np.average(worth, weights=weight),
                "total_value": (worth * weight).sum(),
                "logged_value_per_case": part["value"].mean(),
                "total_logged_value": part["value"].sum(),
            }[reading.metric]
            assert reading.value == pytest.approx(expected, abs=2e-6 * len(part))
            assert "in EUR" in reading.note
            if "per_case" in reading.metric:
                assert reading.low < reading.value < reading.high  # type: ignore[operator]
                assert ("independent" in reading.note) <= bool(columns)


METRIC = dict.fromkeys(("value_per_case", "total_value", "logged_value_per_case", "total_logged_value"), True)


def test_subjects_widen_the_interval_of_a_logged_value(tmp_path: Path, both: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rows = both[0].assign(patient=[f"p{i // 60}" for i in range(len(both[0]))])
    rows["value"] = [float(int(p[1:]) * 37 % 7) for p in rows["patient"]]
    widths = []
    for columns in ("", 'subject = "patient"'):
        model = model_of(tmp_path / (columns[:3] or "none"), rows, columns=f'value = "value"\n{columns}')
        (reading,) = model.readings(metrics=("logged_value_per_case",))
        widths.append(reading.high - reading.low)  # type: ignore[operator]
    assert widths[1] > 2 * widths[0]


def test_a_value_that_the_contract_does_not_name_says_so(paired: Model) -> None:
    for metric in METRIC:
        (reading,) = paired.readings(metrics=(metric,))
        assert reading.value is None
        assert "the contract" in reading.note
    assert not set(METRIC) & {r.metric for r in paired.readings(kinds=("performance",))}


def test_a_policy_judges_value_like_any_metric(tmp_path: Path, both: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    text = CONTRACT.format(columns='value = "value"', more=MATRIX)
    rules = '[[rule]]\nmetric = "value_per_case"\nmin = -100\n[[rule]]\nmetric = "logged_value_per_case"\nmin = 50\n'
    model = found(tmp_path, text, policy=f'version = "1"\n{rules}')
    model.log(both[0].drop(columns="ill"))
    model.rollup()
    assert {f.metric: f.state for f in model.findings()} == {
        "value_per_case": "within", "logged_value_per_case": "outside",
    }  # fmt: skip


def test_a_scope_split_where_labels_are_complete_names_nothing_that_was_not_named() -> None:
    whole = Scope(date(2026, 1, 1), date(2026, 3, 1), complete_until=date(2026, 2, 1), matured=True)
    assert [part.until.month for part in whole.parts()] == [2, 3]
    assert not any(part.names("value_per_case") for part in whole.parts())
    asked = replace(whole, metrics=("value_per_case",))
    assert [part.names("value_per_case") for part in asked.parts()] == [True]
