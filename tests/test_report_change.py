"""Why a rate changed: mix against rate, from the log to the sentence, against the raw rows."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from dashboard.errors import EvenhandError
from dashboard.report.change import sentence
from dashboard.workspace import Model
from tests.two_versions import START, cases, model_of, scored, two


@pytest.fixture(scope="module")
def both() -> tuple[pd.DataFrame, pd.DataFrame]:
    return two()


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory, both: tuple[pd.DataFrame, pd.DataFrame]) -> Model:
    return model_of(tmp_path_factory.mktemp("paired"), *both, more='[versions]\nshadow = ["v2"]')


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Model]:
    before, now = cases(21, 3000, 7), cases(22, 3000, 7)
    now = pd.concat([now[now["site"] != "A"], now[now["site"] == "A"][:300]])  # fewer of site A
    now["time"] += pd.Timedelta(days=7)
    parts = [scored(before, "v1", 1.2, 5), scored(now.assign(id="n" + now["id"]), "v2", 0.8, 6)]
    rows = pd.concat(parts, ignore_index=True)
    rows.loc[rows["site"] == "A", "score"] = rows["score"].where(rows["label"] != 1, 0.9)
    return rows, model_of(tmp_path_factory.mktemp("changing"), rows)


NOW = (START + timedelta(days=7), START + timedelta(days=14))
BEFORE = (START, START + timedelta(days=7))


@pytest.mark.parametrize("metric", ["accuracy", "true_positive_rate", "precision", "selection_rate", "label_coverage"])
@pytest.mark.parametrize("by", ["site", "sex*site", "version"])
def test_mix_and_rate_add_up_to_the_change(changing: tuple[pd.DataFrame, Model], metric: str, by: str) -> None:
    _, model = changing
    change = model.why(metric, by, NOW, BEFORE)
    own = [model.readings(metrics=(metric,), since=since, until=until)[0].value for since, until in (BEFORE, NOW)]
    assert change.difference.value == pytest.approx(own[1] - own[0], abs=1e-12)  # type: ignore[operator]
    assert change.mix + change.rate == pytest.approx(own[1] - own[0], abs=1e-12)  # type: ignore[operator]
    frame = change.frame()
    assert frame["total"].sum() == pytest.approx(change.difference.value, abs=1e-12)
    assert frame["share_before"].sum() == pytest.approx(1)
    assert frame["share_now"].sum() == pytest.approx(1)
    assert sentence(change).endswith(".")


def test_a_change_of_versions_on_days_of_their_own_is_all_mix(changing: tuple[pd.DataFrame, Model]) -> None:
    change = changing[1].why("accuracy", "version", NOW, BEFORE)
    assert change.rate == 0
    assert "because it got" not in sentence(change)


def test_the_parts_are_kitagawas_on_the_raw_rows(changing: tuple[pd.DataFrame, Model]) -> None:
    rows, model = changing
    known = rows[rows["label"].notna()].assign(right=lambda f: (f["score"] >= 0.5) == (f["label"] == 1))
    day = known["time"].dt.date
    sides = [known[(day >= since) & (day < until)] for since, until in (BEFORE, NOW)]
    change = model.why("accuracy", "site", NOW, BEFORE)
    sites = [side["site"].fillna("unknown") for side in sides]
    for part in change.parts:
        share = [float((site == part.group).mean()) for site in sites]
        rate = [float(side.loc[site == part.group, "right"].mean()) for side, site in zip(sides, sites, strict=True)]
        overall = sum(float(side["right"].mean()) for side in sides) / 2
        assert part.mix == pytest.approx((share[1] - share[0]) * (sum(rate) / 2 - overall))
        assert part.rate == pytest.approx((rate[1] - rate[0]) * sum(share) / 2)
    said = sentence(change)
    assert "fell by" in said
    assert "site" in said or "share is" in said


def test_one_version_against_another_can_be_taken_apart(paired: Model) -> None:
    change = paired.why("accuracy", "sex", (START, START + timedelta(days=8)), BEFORE_ALL, "v2", "v1")
    readings = paired.versus("v1", "v2", metrics=("accuracy",))
    assert change.difference.value == pytest.approx(readings[0].value)


BEFORE_ALL = (START, START + timedelta(days=8))


def test_windows_that_share_a_day_are_refused(changing: tuple[pd.DataFrame, Model]) -> None:
    with pytest.raises(EvenhandError, match="share days"):
        changing[1].why("accuracy", "sex", NOW, (START, START + timedelta(days=8)))
    with pytest.raises(EvenhandError, match="no attribute 'sxe'"):
        changing[1].why("accuracy", "sxe", NOW, BEFORE)
    with pytest.raises(EvenhandError, match="hits of trials"):
        changing[1].why("roc_auc", "sex", NOW, BEFORE)


def test_a_change_that_chance_makes_is_called_so(paired: Model) -> None:
    windows = (START + timedelta(days=4), START + timedelta(days=5)), (START, START + timedelta(days=4))
    assert "chance alone" in sentence(paired.why("accuracy", "sex", *windows, version="v1"))
