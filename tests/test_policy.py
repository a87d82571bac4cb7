"""policy.toml: what is read, and what is refused with advice; and the windows that it schedules."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import contract
from dashboard.errors import EvenhandError
from dashboard.policy import Policy, Rule, Window, WindowPlan, parse, propose, read, schedule, split, text
from dashboard.policy.windows import refuse_overlap

POLICY = """
version = "2026-01"
minimum_n = 50
[windows]
reference = { since = "2026-01-01", until = "2026-02-26" }
every = "28d"
drift = "1w"
[[rule]]
metric = "accuracy"
min = 0.80
[[rule]]
metric = "true_positive_rate_difference"
attribute = "*"
between = [-0.10, 0.10]
[[rule]]
metric = "selection_rate_ratio"
attribute = "sex*age_band"
min = 0.8
max = 1.25
[[rule]]
metric = "psi"
feature = "*"
max = 0.1
then = ["alert", "retrain"]
"""
CONTRACT = contract.parse(
    """
[model]
name = "triage"
task = "binary"
positive = "1"
[columns]
time = "t"
score = "s"
[attributes.sex]
column = "sex"
[attributes.age_band]
column = "age"
edges = [18, 40, 65]
[fairness]
intersections = [["sex", "age_band"]]
[features.lactate]
kind = "numeric"
""",
    "contract.toml",
)
DAY = date(2026, 1, 1)


def a_policy(rule: str, top: str = 'version = "1"') -> Policy:
    return parse(f"{top}\n[[rule]]\n{rule}", "policy.toml", CONTRACT)


def test_a_policy_is_read_as_written() -> None:
    policy = parse(POLICY, "policy.toml", CONTRACT)
    assert policy.version == "2026-01"
    assert policy.minimum_n == 50
    assert policy.windows == WindowPlan(Window(DAY, date(2026, 2, 26)), 28, 7)
    assert [(rule.metric, rule.allowed, rule.kind) for rule in policy.rules] == [
        ("accuracy", (0.8, None), "performance"),
        ("true_positive_rate_difference", (-0.1, 0.1), "fairness"),
        ("selection_rate_ratio", (0.8, 1.25), "fairness"),
        ("psi", (None, 0.1), "drift"),
    ]
    assert policy.rules[3].then == ("alert", "retrain")
    assert policy.of_kind("fairness") == policy.rules[1:3]


def test_the_documented_policy_is_one_and_documents_every_key() -> None:
    page = (Path(__file__).parent.parent / "docs" / "policy.md").read_text(encoding="utf-8")
    assert len(parse(page.split("```toml")[1].split("```")[0], "docs/policy.md", CONTRACT).rules) == 3
    for key in (*text.TOP[:2], *text.WINDOWS, *text.RULE, *text.ACTIONS):
        assert f"{key}`" in page or f'"{key}"' in page, key


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("columns", ["", 'latency_ms = "ms"\nstatus = "status"'])
def test_the_proposed_policy_is_one(task: str, columns: str) -> None:
    lines = (
        f'[model]\nname = "m"\ntask = "{task}"\npositive = "1"\n[columns]\ntime = "t"\nscore = "s"\ndecision = "d"\n'
    )
    proposed_for = contract.parse(
        lines.replace('positive = "1"', 'positive = "1"' if task == "binary" else "") + columns, "c"
    )
    proposed = parse(propose(proposed_for), "proposal", proposed_for)
    assert {"psi"} < {rule.metric for rule in proposed.rules} or task == "regression"
    assert ("latency_p95" in {rule.metric for rule in proposed.rules}) == bool(columns)


def test_the_proposal_names_the_first_56_days_where_a_window_is_left() -> None:
    assert parse(propose(CONTRACT, DAY, days(200)), "p", CONTRACT).windows.reference == Window(DAY, days(56))
    assert parse(propose(CONTRACT, DAY, days(60)), "p", CONTRACT).windows.reference is None


def test_comments_and_spacing_do_not_change_the_digest_and_a_limit_does() -> None:
    digest = parse(POLICY, "x").digest
    assert parse("# said\n" + POLICY.replace(" = ", "="), "x").digest == digest
    assert parse(POLICY.replace("0.80", "0.81"), "x").digest != digest


def test_a_policy_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(EvenhandError, match="evenhand init"):
        read(tmp_path / "policy.toml")
    (tmp_path / "policy.toml").write_text(POLICY)
    assert read(tmp_path / "policy.toml", CONTRACT).version == "2026-01"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('metric = "acuracy"\nmin = 0.8', "Did you mean 'accuracy'"),
        ('metric = "recall"\nmin = 0.8', "Did you mean 'true_positive_rate'"),
        ("min = 0.8", "There is no metric ''"),
        ('metric = "accuracy"\nminimum = 0.8', "Did you mean 'min'"),
        ('metric = "accuracy"', "no limit"),
        ('metric = "accuracy"\nmin = 0.8\nbetween = [0, 1]', "min and between"),
        ('metric = "accuracy"\nbetween = [0.9, 0.8]', "smaller number comes first"),
        ('metric = "accuracy"\nbetween = 0.8', "Two numbers"),
        ('metric = "accuracy"\nmin = "0.8"', "A number is expected"),
        ('metric = "accuracy"\nmin = nan', "A number is expected"),
        ('metric = "accuracy"\nmin = 80', "never under 0 or over 1"),
        ('metric = "psi"\nfeature = "*"\nmax = -1', "never under 0"),
        ('metric = "accuracy"\nmin = 0.8\nattribute = "sexe"', "Did you mean 'sex'"),
        ('metric = "accuracy"\nmin = 0.8\nattribute = "age_band*sex"', "Did you mean"),
        ('metric = "accuracy_difference"\nmin = -0.1', "no attribute is named"),
        ('metric = "mean_error"\nmax = 0.1', "This model is binary"),
        ('metric = "psi"\nmax = 0.1', "none is named"),
        ('metric = "psi"\nmax = 0.1\nfeature = "lactat"', "Did you mean 'lactate'"),
        ('metric = "psi"\nmax = 0.1\nfeature = "*"\nattribute = "sex"', "not judged by group"),
        ('metric = "accuracy"\nmin = 0.8\nfeature = "lactate"', "not about a feature"),
        ('metric = "accuracy"\nmin = 0.8\nthen = "alert"', "A list such as"),
        ('metric = "accuracy"\nmin = 0.8\nthen = ["alarm"]', "Did you mean 'alert'"),
        ('metric = "accuracy"\nmin = 0.8\n[[rule]]\nmetric = "accuracy"\nmin = 0.8', "the same rule twice"),
    ],
)
def test_a_mistake_in_a_rule_is_named_with_what_was_meant(rule: str, said: str) -> None:
    with pytest.raises(EvenhandError, match=said) as error:
        a_policy(rule)
    assert "policy.toml" in str(error.value)


@pytest.mark.parametrize(
    ("top", "said"),
    [
        ("", "no version"),
        ("version = 2", "version 2"),
        ('version = "1"\nminimum_n = 0', "minimum_n is 0"),
        ('version = "1"\nmin_n = 10', "Did you mean 'minimum_n'"),
        ('version = "1"\n[windows]\nevery = "month"', "28d"),
        ('version = "1"\n[windows]\nevry = "28d"', "Did you mean 'every'"),
        ('version = "1"\n[windows]\nreference = "2026"', "A table with since, until"),
        ('version = "1"\n[windows]\nreference = { since = "2026-01-01", until = "soon" }', "A day such as"),
        ('version = "1"\n[windows]\nreference = { since = 2026-01-01, until = 2026-01-01 }', "must hold a day"),
        (
            'version = "1"\n[windows]\nreference = { since = 2026-01-01, until = 2026-02-01 }\n'
            "current = { since = 2026-01-31, until = 2026-02-28 }",
            "share days",
        ),
    ],
)
def test_a_mistake_above_the_rules_is_named(top: str, said: str) -> None:
    with pytest.raises(EvenhandError, match=said):
        a_policy('metric = "accuracy"\nmin = 0.8', top)


@pytest.mark.parametrize(
    "text", ["version =", 'version = "1"', 'version = "1"\nrule = []', 'version = "1"\nrule = [3]']
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(EvenhandError, match=r"policy\.toml"):
        parse(text, "policy.toml")


def test_rules_of_one_policy_have_names_of_their_own() -> None:
    assert Rule("psi", (None, 0.02), feature="*").name != Rule("psi", (None, 0.1), feature="*").name


def test_a_policy_is_read_without_numpy() -> None:
    code = "import sys, dashboard.policy; print({'numpy', 'scipy', 'pandas', 'sqlalchemy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def days(count: int) -> date:
    return DAY + timedelta(days=count)


def test_windows_follow_the_reference_and_the_last_whole_one_is_current() -> None:
    plan = WindowPlan(Window(days(0), days(56)))
    found = schedule(plan, days(0), days(56 + 28 + 28 + 9))
    assert found.windows == (Window(days(56), days(84)), Window(days(84), days(112)))
    assert found.current == Window(days(84), days(112))
    assert found.judged("drift") == Window(days(112), days(119))
    assert found.notes == ()


def test_a_window_is_whole_on_its_last_day_and_not_before() -> None:
    plan = WindowPlan(Window(days(0), days(56)))
    assert schedule(plan, days(0), days(83)).current == Window(days(56), days(84))
    early = schedule(plan, days(0), days(82))
    assert early.current is None
    assert early.judged("drift") is not None
    assert "No window is whole yet" in early.notes[0]


@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 30), st.integers(0, 400) | st.none())
def test_scheduled_windows_share_no_day_and_lie_in_the_log(
    length: int, every: int, drift: int, given: int | None
) -> None:
    reference = None if given is None else Window(days(0), days(given + 1))
    found = schedule(WindowPlan(reference, every, drift), days(0), days(length - 1))
    for windows in (found.windows, found.drift_windows):
        together = [*([found.reference] if found.reference else []), *windows]
        assert all(earlier.until <= later.since for earlier, later in pairwise(together))
        assert all(window.until <= days(length) for window in windows)
    if found.reference and found.windows:
        assert {window.days for window in found.windows} == {every}


def test_without_a_reference_the_first_56_days_are_it_or_fewer_and_said() -> None:
    full, short = (schedule(WindowPlan(), days(0), days(length - 1)) for length in (120, 60))
    assert full.reference == Window(days(0), days(56))
    assert "first 56 days" in full.notes[0]
    assert short.reference == Window(days(0), days(32))
    assert "fewer than 56" in short.notes[0]
    assert short.current == Window(days(32), days(60))


def test_a_log_shorter_than_a_window_is_judged_as_one() -> None:
    found = schedule(WindowPlan(), days(0), days(9))
    assert found.reference is None
    assert found.current == Window(days(0), days(10))
    assert "no reference" in found.notes[0]


def test_an_explicit_window_is_the_only_one_and_looked_at_once() -> None:
    plan = WindowPlan(Window(days(0), days(56)), current=Window(days(60), days(75)))
    found = schedule(plan, days(0), days(200))
    assert found.windows == found.drift_windows == (plan.current,)
    assert plan.alpha("fairness") == plan.alpha("drift") == 0.05
    alone = schedule(WindowPlan(current=Window(days(10), days(20))), days(0), days(30))
    assert alone.reference == Window(days(0), days(10))
    first = schedule(WindowPlan(current=Window(days(0), days(20))), days(0), days(30))
    assert first.reference is None


def test_what_needs_labels_is_judged_on_the_last_of_the_same_windows_that_has_them() -> None:
    found = schedule(WindowPlan(), days(0), days(56 + 28 * 3 - 1))
    assert found.settled(days(56 + 28 * 3 - 1)) == found
    labelled = found.settled(days(56 + 28 * 3 - 2))
    assert labelled.windows == found.windows[:-1]
    assert labelled.reference == found.reference
    none = found.settled(days(60))
    assert none.current is None
    assert "No window has all its labels" in none.notes[-1]


def test_an_explicit_window_is_judged_although_labels_are_missing_and_that_is_said() -> None:
    found = schedule(WindowPlan(current=Window(days(60), days(75))), days(0), days(200)).settled(days(70))
    assert found.current == Window(days(60), days(75))
    assert "not to the end" in found.notes[-1]
    assert schedule(WindowPlan(), days(0), days(9)).settled(days(4)).current == Window(days(0), days(5))


def test_a_window_without_data_is_refused_and_a_reference_without_data_said() -> None:
    with pytest.raises(EvenhandError, match="has no data"):
        schedule(WindowPlan(current=Window(days(100), days(120))), days(0), days(50))
    notes = schedule(WindowPlan(Window(days(100), days(120))), days(0), days(50)).notes
    assert "has no data" in notes[0]


def test_looks_share_the_year() -> None:
    assert [WindowPlan(every=length).looks("fairness") for length in (1, 7, 28, 91, 400)] == [365, 52, 13, 4, 1]


def test_windows_that_share_a_day_are_refused() -> None:
    with pytest.raises(EvenhandError, match="share days"):
        refuse_overlap(Window(days(0), days(10)), Window(days(9), days(20)))
    refuse_overlap(Window(days(0), days(10)), Window(days(10), days(20)))


def test_a_reference_splits_into_whole_windows_from_its_end() -> None:
    parts = split(Window(days(0), days(60)), 7)
    assert len(parts) == 8
    assert parts[-1].until == days(60)
    assert all(part.days == 7 for part in parts)
