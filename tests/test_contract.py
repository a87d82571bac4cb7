"""contract.toml: what it means, what is refused, and that it survives being written and read."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import contract
from dashboard.contract import Attribute, Contract, Feature, Value
from dashboard.errors import EvenhandError

TEXT = """
[model]
name = "triage"
task = "binary"
positive = "1"
threshold = 0.35
timezone = "Europe/Berlin"

[columns]
id = "prediction_id"
time = "predicted_at"
score = "score"

[attributes.sex]
column = "sex"
reference = "M"
[attributes.age_band]
column = "age"
edges = [18, 40, 65]
[fairness]
intersections = [["sex", "age_band"]]

[versions]
shadow = ["v3"]

[value]
unit = "EUR"
tp = 90
fp = -10.5
fn = -200
tn = 0

[features.lactate]
kind = "numeric"
unit = "mmol/L"
min = 0
max = 30
[features.ward]
kind = "categorical"
"""


def test_the_contract_of_the_design_is_read() -> None:
    found = contract.parse(TEXT, "contract.toml")
    assert found.columns == {"id": "prediction_id", "time": "predicted_at", "score": "score"}
    assert found.attributes == (Attribute("sex", "sex", "M"), Attribute("age_band", "age", None, (18, 40, 65)))
    assert found.intersections == (("sex", "age_band"),)
    assert found.features == (Feature("lactate", "numeric", "mmol/L", 0, 30), Feature("ward", "categorical"))
    assert (found.threshold, found.timezone, found.shadow) == (0.35, "Europe/Berlin", ("v3",))
    assert found.value == Value("EUR", 90, -10.5, -200, 0)
    assert found.numeric == {"age", "lactate"}
    assert found.named_columns == ("sex", "age", "lactate", "ward")


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WORTH = st.floats(-1e9, 1e9)
VALUES = st.none() | st.builds(Value, NAMES) | st.builds(Value, st.just(""), WORTH, WORTH, WORTH, WORTH)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    edges = draw(st.lists(st.floats(-1e6, 1e6), max_size=4, unique=True).map(sorted))
    columns = {role: draw(NAMES) for role in draw(st.sets(st.sampled_from(contract.ROLES)))}
    low, high = sorted(draw(st.tuples(NUMBERS, NUMBERS)))
    attributes = (Attribute("a", "column a", draw(NAMES)), Attribute(draw(NAMES), "column b", None, tuple(edges)))
    shared = attributes[0].name == attributes[1].name
    return Contract(
        name=draw(st.text(max_size=5)),
        task="binary",
        positive="yes",
        negative=draw(st.none() | st.just("no")),
        threshold=draw(st.floats(0, 1)),
        purpose=draw(st.text(st.characters(exclude_categories=["Cs"]))),
        columns={**columns, "time": "t", "score": "s"},
        attributes=attributes[:1] if shared else attributes,
        intersections=() if shared else ((attributes[0].name, attributes[1].name),),
        features=(Feature(draw(NAMES), "numeric", draw(st.text(max_size=3)), low, high),),
        value=draw(VALUES),
    )


@given(contracts())
def test_what_is_written_is_read_again(original: Contract) -> None:
    text = contract.render(original)
    again = contract.parse(text, "the test")
    assert again == original
    assert again.digest == original.digest


REGRESSION = '[model]\nname = "stay"\ntask = "regression"\n{}[columns]\ntime = "t"\nscore = "s"\n'


@given(st.none() | st.floats(1e-9, 1e9))
def test_a_tolerance_is_written_and_read_again_and_none_is_a_comment(tolerance: float | None) -> None:
    original = Contract("stay", "regression", columns={"time": "t", "score": "s"}, tolerance=tolerance)
    text = contract.render(original)
    assert ("# tolerance = " in text) == (tolerance is None)
    assert contract.parse(text, "the test") == original


@pytest.mark.parametrize("wrong", ["0", "-1", "inf"])
def test_a_tolerance_is_a_number_above_0_of_a_regression(wrong: str) -> None:
    assert contract.parse(REGRESSION.format("tolerance = 5.0\n"), "x").tolerance == 5
    with pytest.raises(EvenhandError, match="A number above 0"):
        contract.parse(REGRESSION.format(f"tolerance = {wrong}\n"), "x")
    with pytest.raises(EvenhandError, match="for regression only"):
        contract.parse(TEXT.replace("threshold = 0.35", "tolerance = 5"), "x")


@given(st.none() | st.floats(-1e9, 1e9))
def test_a_cutoff_is_written_and_read_again_and_none_is_a_comment(cutoff: float | None) -> None:
    original = Contract("stay", "regression", columns={"time": "t", "score": "s"}, cutoff=cutoff)
    text = contract.render(original)
    assert ("# cutoff = " in text) == (cutoff is None)
    assert contract.parse(text, "the test") == original
    assert contract.parse(text, "the test").decides == (cutoff is not None)


@pytest.mark.parametrize("wrong", ["inf", "-inf", "nan", '"30"', "true"])
def test_a_cutoff_is_a_number_of_a_regression(wrong: str) -> None:
    with pytest.raises(EvenhandError, match="A number"):
        contract.parse(REGRESSION.format(f"cutoff = {wrong}\n"), "x")
    with pytest.raises(EvenhandError, match="Of a binary model it is the threshold"):
        contract.parse(TEXT.replace("threshold = 0.35", "cutoff = 5"), "x")


def test_a_contract_without_a_cutoff_keeps_its_digest_and_each_cutoff_has_its_own() -> None:
    digests = {contract.parse(REGRESSION.format(line), "x").digest for line in ("", "cutoff = 5\n", "cutoff = 6\n")}
    assert len(digests) == 3
    assert contract.parse(REGRESSION.format(""), "x").digest.startswith("5131f62f8ec44aee")


def test_the_digest_is_of_the_meaning_and_not_of_the_text() -> None:
    plain = contract.parse(TEXT, "x")
    assert contract.parse("# a comment\n" + TEXT.replace("0.35", "0.350"), "x").digest == plain.digest
    assert contract.parse(TEXT.replace("0.35", "0.36"), "x").digest != plain.digest


def test_a_contract_can_be_cached_and_hashed() -> None:
    found = contract.parse(TEXT, "x")
    assert pickle.loads(pickle.dumps(found)) == found
    assert {found: 1}[contract.parse(TEXT, "x")] == 1


WRONG: list[tuple[str, str, str]] = [
    ("[model]", "[modle]", "'modle' is not a key of the contract here. Did you mean 'model'?"),
    ("threshold", "treshold", "Did you mean 'threshold'?"),
    ('score = "score"', 'scor = "score"', "Did you mean 'score'?"),
    ('task = "binary"', 'task = "binry"', "One of binary, multiclass, regression was expected"),
    ('positive = "1"', "", "Say which label is positive"),
    ("0.35", "1.5", "A number in [0, 1] was expected"),
    ("0.35", '"high"', "A number was expected"),
    ('time = "predicted_at"', "", "time is missing"),
    ('score = "score"', "", "At least one of the two is needed"),
    ("[18, 40, 65]", "[40, 18]", "do not rise"),
    ("[18, 40, 65]", '["old"]', "A list of numbers was expected"),
    ('["sex", "age_band"]', '["sex", "age"]', "Did you mean 'age_band'?"),
    ('["sex", "age_band"]', '["sex"]', "Lists of attributes were expected"),
    ('kind = "numeric"', 'kind = "number"', "'numeric' or 'categorical' was expected"),
    ("max = 30", "max = -1", "is more than max"),
    ('kind = "categorical"', 'kind = "categorical"\nmin = 1', "has no range"),
    ("Europe/Berlin", "Europe/Atlantis", "is not a time zone"),
    ("[features.ward]", '[features.age]\nkind = "categorical"\n[features.ward]', "has edges, but the feature"),
    ("[model]", "[model", "is not valid TOML"),
    ("tn = 0", "", "tn: missing"),
    ("tp = 90", 'tp = "much"', "A number was expected"),
    ("tp = 90", "tp = inf", "At most 1e+12 was expected"),
    ("tp = 90", "ttp = 90", "Did you mean 'tp'?"),
    ('task = "binary"', 'task = "multiclass"', "tp, fp, fn and tn are of binary models"),
    ('reference = "M"', "reference = [1]", "One value was expected"),
    ("edges = [18, 40, 65]", 'edges = [18, 40, 65]\nreference = "40-65"', "Did you mean '40-64'?"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG, ids=[wrong or f"no {right}" for right, wrong, _ in WRONG])
def test_what_is_wrong_is_said(right: str, wrong: str, said: str) -> None:
    assert right in TEXT
    with pytest.raises(EvenhandError) as caught:
        contract.parse(TEXT.replace(right, wrong, 1), "contract.toml")
    assert said in str(caught.value)
    assert "contract.toml" in str(caught.value)


def test_a_missing_contract_says_how_to_get_one(tmp_path: Any) -> None:
    with pytest.raises(EvenhandError, match="evenhand init MODEL FILE"):
        contract.read(tmp_path / "contract.toml")


@pytest.mark.parametrize(
    ("edges", "bands"),
    [
        ((), ()),
        ((18,), ("<18", "18+")),
        ((18, 19, 65), ("<18", "18", "19-64", "65+")),
        ((0.5, 2), ("<0.5", "[0.5, 2)", "2+")),
        ((-10, 0), ("<-10", "-10--1", "0+")),
    ],
)
def test_bands_are_left_closed_and_named(edges: tuple[float, ...], bands: tuple[str, ...]) -> None:
    assert Attribute("a", "a", None, edges).bands() == bands
