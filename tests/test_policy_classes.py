"""Rules that name a class of several: what they judge, what they say, and what is refused."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import streamlit as st

from dashboard import contract
from dashboard import policy as policies
from dashboard.errors import EvenhandError
from dashboard.metrics import METRICS, OF_A_CLASS
from dashboard.metrics.estimation_classes import OF_ONE
from dashboard.policy import Finding, Judged, Policy, Rule, Window, WindowPlan, propose
from dashboard.policy.text import parse
from dashboard.report.judged import judged
from dashboard.ui.verdicts import elsewhere, shown_on
from tests import classes
from tests.test_odd_models import opened
from tests.test_policy import CONTRACT as TWO_CLASSES
from tests.test_policy_verdicts import checked
from tests.test_report_contrasts import of_class as of_raw_rows

DOCS = Path(__file__).resolve().parent.parent / "docs" / "policy.md"
FAIR = 'metric = "true_positive_rate_difference"\nattribute = "{by}"\nclass = "{of}"\nbetween = [-0.1, 0.1]'
GOOD = 'metric = "true_positive_rate"\nclass = "low"\nmin = 0.7'
EACH = "true_positive_rate_difference"


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> classes.ClassWorld:
    return classes.counted(classes.ClassSpec(seed=3, rows=2500), tmp_path_factory.mktemp("classes"))


def rules(*texts: str, known: contract.Contract | None = None) -> Policy:
    return parse('version = "1"\n' + "".join(f"[[rule]]\n{text}\n" for text in texts), "policy.toml", known)


def found(several: classes.ClassWorld, *texts: str) -> list[Finding]:
    policy = rules(*texts, known=several.model.contract)
    return policies.check(policy, judged(several.model.source(), policy, several.model.plan(policy)))


def test_a_rule_of_a_class_judges_that_class_against_the_rest(several: classes.ClassWorld) -> None:
    findings = found(several, FAIR.format(by="sex", of="low"), FAIR.format(by="age_band", of="low"))
    assert {(f.metric, f.feature) for f in findings} == {(EACH, "low")}
    assert {(f.attribute, f.group) for f in findings} == {("sex", "M"), ("age_band", "<40"), ("age_band", "40-64")}
    for finding in findings:
        rows = several.frame.assign(group=several.frame[classes.GROUPS[str(finding.attribute)]])
        sides = {side: (rows[side] == "low").astype(float).where(rows[side].notna()) for side in ("label", "said")}
        days = rows["day"].astype(str).between(str(finding.since), str(finding.until), inclusive="left")
        assert finding.value == pytest.approx(of_raw_rows(rows.assign(**sides)[days], finding))  # type: ignore[arg-type]


def test_a_star_judges_each_class_and_each_counts_in_the_family(several: classes.ClassWorld) -> None:
    one, each = found(several, FAIR.format(by="sex", of="mid")), found(several, FAIR.format(by="sex", of="*"))
    assert sorted(str(f.feature) for f in each) == sorted(several.spec.names)
    apart = {f.feature: f.value for f in each}
    assert one[0].value == apart["mid"]
    outside = sum(f.state == "outside" for f in each)
    assert each[0].level == pytest.approx(1 - (1 - one[0].level) * max(outside, 1) / len(several.spec.names))


def test_a_class_judged_twice_counts_once(several: classes.ClassWorld) -> None:
    both = found(several, FAIR.format(by="sex", of="*"), FAIR.format(by="sex", of="mid"))
    each = found(several, FAIR.format(by="sex", of="*"))
    assert len(both) == len(each) + 1
    assert {f.level for f in both} == {f.level for f in each}


def test_performance_of_a_class_is_judged_by_its_reading(several: classes.ClassWorld) -> None:
    (finding,) = found(several, GOOD)
    (reading,) = several.model.readings(
        metrics=("true_positive_rate",),
        features=("low",),
        since=date.fromisoformat(str(finding.since)),
        until=date.fromisoformat(str(finding.until)),
    )
    assert (finding.value, finding.n, finding.feature) == (reading.value, reading.n, "low")
    assert finding.sentence.startswith("Sensitivity of the class “low” is ")


def test_without_a_class_a_rule_judges_what_it_did(several: classes.ClassWorld) -> None:
    (accuracy,) = found(several, 'metric = "accuracy"\nmin = 0.5')
    assert accuracy.feature is None
    calibration = found(several, 'metric = "calibration_error"\nbetween = [-0.1, 0.1]')
    assert {f.feature for f in calibration} == {None, *several.spec.names}
    of_one = found(several, 'metric = "calibration_error"\nclass = "*"\nbetween = [-0.1, 0.1]')
    assert {f.feature for f in of_one} == set(several.spec.names)


def test_a_class_that_did_not_occur_is_a_finding_that_says_so(several: classes.ClassWorld) -> None:
    rule = Rule(EACH, (-0.1, 0.1), attribute="sex", of_class="rare")
    policy = Policy("1", (rule,))
    (finding,) = policies.check(policy, judged(several.model.source(), policy, several.model.plan(policy)))
    assert (finding.state, finding.feature) == ("cannot be computed", "rare")
    assert "of class rare" in finding.sentence


def test_an_estimate_of_a_class_that_cannot_be_made_says_why(several: classes.ClassWorld) -> None:
    estimate = 'metric = "estimated_f1"\nclass = "low"\nmin = 0.5'
    (finding,) = found(several, estimate)
    assert (finding.state, finding.feature) == ("cannot be computed", "low")
    assert "no reference window" in finding.sentence


def test_a_sentence_says_the_class_in_plain_words() -> None:
    rule = Rule(EACH, (-0.1, 0.1), "sex", of_class="at once")
    context = {"attribute": "sex", "group": "F", "reference": "M", "feature": "at once", "version": "v2"}
    (finding,) = checked(Judged(rule, context, None))
    assert finding.sentence.startswith("Sensitivity of the class “at once” in v2 for F against M can't be computed")
    assert finding.rule == "true_positive_rate_difference by sex of class at once: -0.1 to 0.1"


def test_the_metrics_that_may_name_a_class_are_those_read_of_one(several: classes.ClassWorld) -> None:
    labelled = tuple(name for name, metric in METRICS.items() if metric.kind in ("performance", "fairness"))
    readings = several.model.readings(metrics=labelled) + several.model.readings(metrics=labelled, attributes=("sex",))
    assert {r.metric for r in readings if r.feature} == {m for m in OF_A_CLASS if not m.startswith("estimated_")}
    estimated = {name.removeprefix("estimated_") for name in OF_A_CLASS if name.startswith("estimated_")}
    assert estimated == {name for name in OF_ONE if f"estimated_{name}" in METRICS}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (GOOD.replace('"low"', '"lwo"'), r"no class 'lwo'.*Did you mean 'low'"),
        (GOOD.replace('"low"', "3"), "class is 3.*A text is expected"),
        ('metric = "accuracy"\nclass = "low"\nmin = 0.5', "accuracy is not a metric of one class.*Remove `class`"),
        ('metric = "psi"\nfeature = "*"\nclass = "low"\nmax = 0.1', "psi is not a metric of one class"),
        ('metric = "true_positive_rate"\nmin = 0.7', r'This model is multiclass. Write class = "\*"'),
        ('metric = "value_per_case"\nmin = 0.7', "This model is multiclass.$"),
        (f"{GOOD}\n[[rule]]\n{GOOD}", "the same rule twice"),
    ],
)
def test_a_mistake_in_the_class_is_named(several: classes.ClassWorld, rule: str, said: str) -> None:
    with pytest.raises(EvenhandError, match=said) as error:
        rules(rule, known=several.model.contract)
    assert "policy.toml" in str(error.value)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_class_is_refused_where_there_are_not_several(task: str) -> None:
    with pytest.raises(EvenhandError, match=f"for models of several classes. This model is {task}. Remove `class`"):
        rules(GOOD, known=replace(TWO_CLASSES, task=task))  # type: ignore[arg-type]


def test_where_the_contract_names_no_class_any_may_be_meant(several: classes.ClassWorld) -> None:
    unnamed = replace(several.model.contract, scores={})
    assert rules(GOOD, known=unnamed).rules[0].of_class == rules(GOOD).rules[0].of_class == "low"


def test_a_policy_without_classes_keeps_its_digest() -> None:
    """As it was before rules could name one: computed from the content written out by hand."""
    policy = Policy("1", (Rule("accuracy", (0.8, None)),), windows=WindowPlan(current=None))
    content = (
        '{"minimum_n":50,"rules":[{"allowed":[0.8,null],"attribute":null,"feature":null,"metric":"accuracy",'
        '"then":[],"version":null}],"version":"1","windows":{"current":null,"drift":7,"every":28,"reference":null}}'
    )
    assert policy.digest == hashlib.sha256(content.encode()).hexdigest()
    assert policy.digest != replace(policy, rules=(replace(policy.rules[0], of_class="low"),)).digest


def test_the_documented_and_the_proposed_rules_of_a_class_are_rules(several: classes.ClassWorld) -> None:
    documented = DOCS.read_text(encoding="utf-8").split("```toml")[2].split("```")[0]
    policy = parse(f'version = "1"\n{documented}', "docs/policy.md", several.model.contract)
    assert [rule.of_class for rule in policy.rules] == ["low", "low"]
    proposed = propose(several.model.contract).replace("# [[rule]]", "[[rule]]").replace("\n# metric", "\nmetric")
    for key in ("attribute", "class", "between"):
        proposed = proposed.replace(f"\n# {key}", f"\n{key}")
    assert parse(proposed, "proposal", several.model.contract).rules[2].of_class == "*"


def test_windows_are_those_of_other_rules(several: classes.ClassWorld) -> None:
    plan = several.model.plan(rules(GOOD))
    assert plan.window(rules(GOOD).rules[0]) == plan.window(Rule("accuracy", (0.5, None)))
    assert isinstance(plan.window(rules(GOOD).rules[0]), Window)


def test_a_finding_of_a_class_leads_to_the_page_with_that_class(several: classes.ClassWorld) -> None:
    each = found(several, FAIR.format(by="sex", of="*").replace("[-0.1, 0.1]", "[0.9, 1]"))
    assert {finding.state for finding in each} == {"outside"}
    there = {"attribute": "sex", "metric": "true_positive_rate"}
    assert [shown_on(finding) for finding in each] == [("fairness", there | {"class": f.feature}) for f in each]
    others = [name for name in several.spec.names if name != "mid"]
    beside = elsewhere(each, "sex", "true_positive_rate", "mid")
    assert sorted(of_class or "" for _, _, of_class, _ in beside) == sorted(others)


def test_the_page_of_a_class_shows_its_findings_and_links_to_the_others(
    several: classes.ClassWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = several.model.paths.policy
    path.write_text(
        f'version = "1"\n[[rule]]\n{FAIR.format(by="sex", of="low")}'.replace("[-0.1", "[0.9").replace("0.1]", "1]")
    )
    st.cache_data.clear()
    workspace = path.parents[2]
    asked = {"model": "triage", "attribute": "sex", "metric": "true_positive_rate"}
    _, low = opened(workspace, "fairness", monkeypatch, **asked, **{"class": "low"})
    assert "Sensitivity of the class “low” for M is" in re.sub(r"\s+", " ", low)
    assert "outside range" in low
    heading, mid = opened(workspace, "fairness", monkeypatch, **asked, **{"class": "mid"})
    assert heading == "The true positive rate of mid by sex, without a verdict."
    assert 'class = "mid"' in mid
