"""What the rollup counts for several versions, several classes, weights and values, against pandas on the raw rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, top_k_accuracy_score

from dashboard.bins import COARSE
from dashboard.workspace import Model
from tests.worlds import found

CLASSES = ["high", "low", "mid"]  # in the order of scikit-learn: sorted
CONTRACT = """
[model]
name = "triage"
task = "{task}"
{more}
[columns]
id = "id"
time = "time"
version = "version"
label = "label"
subject = "patient"
weight = "weight"
value = "value"
{columns}
[attributes.sex]
column = "sex"
"""


def base(rows: int, random: np.random.Generator) -> pd.DataFrame:
    """Returns cases without what a model says of them."""
    return pd.DataFrame(
        {
            "id": [f"c{i}" for i in range(rows)],
            "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 12 * 86_400, rows), unit="s"),
            "patient": [f"p{i}" for i in random.integers(0, rows // 3, rows)],
            "sex": random.choice(["F", "M"], rows),
            "weight": random.uniform(0.5, 2.0, rows).round(3),
            "value": random.normal(5.0, 2.0, rows).round(2),
        }
    )


def twice(frame: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of v1 for all cases and of v2 for those of `second`."""
    return pd.concat([frame.assign(version="v1"), second.assign(version="v2")], ignore_index=True)


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Model]:
    random = np.random.default_rng(5)
    frame = base(1500, random)

    def said(rows: pd.DataFrame) -> pd.DataFrame:
        given = random.dirichlet([1.0, 1.0, 1.0], len(rows)).round(1)
        given[:, 2] = np.abs(1 - given[:, 0] - given[:, 1]).round(1)  # ties are many
        return rows.assign(**{f"p_{name}": given[:, i] for i, name in enumerate(CLASSES)})

    frame["label"] = random.choice([*CLASSES, None], len(frame), p=[0.3, 0.3, 0.3, 0.1])
    rows = twice(said(frame), said(frame.sample(500, random_state=1)))
    rows = rows[np.abs(rows[[f"p_{name}" for name in CLASSES]].sum(axis=1) - 1) < 1e-9]
    scores = "[columns.scores]\n" + "\n".join(f'{name} = "p_{name}"' for name in CLASSES)
    contract = CONTRACT.format(task="multiclass", more="", columns=scores)
    model = found(tmp_path_factory.mktemp("classes"), contract)
    model.log(rows)
    model.rollup()
    return rows, model


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Model]:
    random = np.random.default_rng(6)
    frame = base(1500, random)
    frame["label"] = random.choice([0.0, 1.0, np.nan], len(frame))
    frame["score"] = random.random(len(frame)).round(3)
    second = frame.sample(600, random_state=1)
    second = second.assign(score=random.random(len(second)).round(3))
    rows = twice(frame, second)
    columns = 'score = "score"'
    contract = CONTRACT.format(task="binary", more='positive = "1"\nthreshold = 0.4', columns=columns)
    model = found(tmp_path_factory.mktemp("pairs"), contract)
    model.log(rows)
    model.rollup()
    return rows, model


def ask(model: Model, statement: str) -> list[tuple[object, ...]]:
    return model.source().snapshot.rows(statement)


def test_pairs_are_the_cases_that_both_versions_scored(pairs: tuple[pd.DataFrame, Model]) -> None:
    rows, model = pairs
    rows = rows.assign(said=(rows["score"] >= 0.4).astype(int).astype(str))
    one, two = (rows[rows["version"] == version].set_index("id") for version in ("v1", "v2"))
    both = one.join(two[["said"]].rename(columns={"said": "said_two"}), how="inner")
    label = both["label"].map({0.0: "0", 1.0: "1"}).astype(object).where(both["label"].notna(), None)
    for attribute, group in (("", None), ("sex", "sex")):
        keys = [both[group] if group else pd.Series("", both.index), label, both["said"], both["said_two"]]
        counted = ask(
            model,
            "SELECT grp, label, first_decision, second_decision, sum(n)::BIGINT FROM pairs "
            f"WHERE attribute = '{attribute}' AND first = 'v1' AND second = 'v2' GROUP BY ALL",
        )
        expected = both.groupby(keys, dropna=False).size()
        assert {tuple(None if pd.isna(k) else k for k in key): n for key, n in expected.items()} == {
            (*row[:4],): row[4] for row in counted
        }


def test_coarse_bins_hold_every_labelled_pair_and_keep_the_order_of_scores(pairs: tuple[pd.DataFrame, Model]) -> None:
    rows, model = pairs
    labelled = rows[(rows["version"] == "v2") & rows["label"].notna()]
    assert ask(model, "SELECT sum(n) FROM pair_bins WHERE attribute = ''") == [(len(labelled),)]
    coarse = model.source().bins.coarse
    assert (np.diff(coarse) >= 0).all()
    assert coarse.min() >= 0
    assert coarse.max() == COARSE - 1


def test_what_each_bin_stands_for_lies_inside_it(pairs: tuple[pd.DataFrame, Model]) -> None:
    bins = pairs[1].source().bins
    lows, highs = np.array([0.0, *bins.score_edges]), np.array([*bins.score_edges, 1.0])
    values = np.array(bins.score_values)
    assert ((lows <= values) & (values <= highs)).all()
    assert (np.diff(bins.score_ranks) >= 0).all()


def test_ranks_are_those_of_top_k_accuracy(classes: tuple[pd.DataFrame, Model]) -> None:
    rows, model = classes
    known = rows[rows["label"].notna()]
    ranks = dict(ask(model, "SELECT rank, sum(n)::BIGINT FROM ranks WHERE attribute = '' GROUP BY 1"))
    given = known[[f"p_{name}" for name in CLASSES]].to_numpy()
    for k in (1, 2):
        expected = top_k_accuracy_score(known["label"], given, k=k, labels=CLASSES, normalize=False)
        assert sum(n for rank, n in ranks.items() if rank <= k) == round(expected)


def test_losses_of_several_classes_are_those_of_the_rows(classes: tuple[pd.DataFrame, Model]) -> None:
    rows, model = classes
    known = rows[rows["label"].notna()]
    given = known[[f"p_{name}" for name in CLASSES]].to_numpy()
    ((brier, log, entropy),) = ask(
        model, "SELECT sum(brier_sum), sum(log_loss_sum), sum(entropy_sum) FROM outcomes WHERE attribute = ''"
    )
    hits = known["label"].to_numpy()[:, None] == np.array(CLASSES)
    assert int(brier) / 1e9 == pytest.approx(((given - hits) ** 2).sum(), abs=1e-5)
    expected = log_loss(known["label"], np.clip(given, 1e-15, 1), labels=CLASSES, normalize=False)
    assert int(log) / 1e9 == pytest.approx(expected, rel=1e-9)
    every = rows[[f"p_{name}" for name in CLASSES]].to_numpy()
    bits = -np.where(every > 0, every * np.log2(np.where(every > 0, every, 1)), 0).sum()
    assert int(entropy) / 1e9 == pytest.approx(bits, abs=1e-5)


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_has_its_probabilities_binned(classes: tuple[pd.DataFrame, Model], name: str) -> None:
    rows, model = classes
    counted = ask(model, f"SELECT label, sum(n)::BIGINT FROM bins WHERE attribute = '' AND class = '{name}' GROUP BY 1")
    assert dict(counted) == {
        (None if pd.isna(k) else k): n for k, n in rows["label"].value_counts(dropna=False).items()
    }


@pytest.mark.parametrize("which", ["classes", "pairs"])
def test_weights_and_values_are_summed_exactly(which: str, request: pytest.FixtureRequest) -> None:
    rows, model = request.getfixturevalue(which)
    ((weight, squares),) = ask(
        model, "SELECT sum(weight_sum), sum(weight_sq) FROM outcomes WHERE attribute = 'sex' AND grp = 'F'"
    )
    ours = rows[rows["sex"] == "F"]
    assert int(weight) / 1e6 == pytest.approx(ours["weight"].sum(), abs=1e-6)
    assert int(squares) / 1e6 == pytest.approx((ours["weight"] ** 2).sum(), abs=1e-3)
    ((n, total),) = ask(model, "SELECT sum(n), sum(total) FROM value_sums WHERE attribute = 'sex' AND grp = 'F'")
    assert (n, int(total)) == (len(ours), round(ours["value"].sum() * 1e6))
