"""A first policy.toml for a model: what can be judged with its contract, every limit marked as a choice to make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import floor, log10

from dashboard.contract import Contract
from dashboard.policy.windows import DEFAULT_REFERENCE_DAYS, DRIFT_EVERY, EVERY

HEAD = """\
# What is allowed, fixed before the data are seen. Every limit here is a proposal: choose it, then raise the version.
version = "{version}"
minimum_n = 50               # of the denominator: below it a number is shown and not judged

[windows]
{reference}
every = "{every}d"                # states are judged on windows that share no day; the last whole one is current
drift = "{drift}d"                 # the same for drift
# current = {{ since = "2026-03-01", until = "2026-03-29" }}     # or exactly one window, for a report
"""
ACCURACY = """
[[rule]]                     # of all cases, how many does it get right?
metric = "accuracy"
min = 0.80
"""
FAIR = """
[[rule]]                     # group minus reference group, for every attribute: {question}
metric = "{metric}"
attribute = "*"
between = [-0.10, 0.10]
"""
OF_A_CLASS = """
# [[rule]]                   # of the cases of one class, how many more or fewer are found? "*" is each class
# metric = "true_positive_rate_difference"
# attribute = "*"
# class = "*"
# between = [-0.10, 0.10]
"""
DRIFT = """
[[rule]]                     # 0.02 is a shift of about 0.14 standard deviations: look at it
metric = "psi"
feature = "*"
max = 0.02
then = ["watch"]

[[rule]]                     # 0.1 is a shift of about 0.32 standard deviations: act
metric = "psi"
feature = "*"
max = 0.1
then = ["alert"]
"""
MISSING = """
[[rule]]                     # of all rows, how many have no value? A feature that is often missing needs its own rule
metric = "missing_rate"
feature = "*"
max = 0.05
"""
REJECTED = """
[[rule]]                     # of all rows delivered, how many were turned away?
metric = "rejected_rate"
max = 0.02
"""
LATENCY = """
{measured}[[rule]]                     # within how many milliseconds do 95 of 100 answers come?
metric = "latency_p95"
max = {within}

[[slo]]                      # a promise with a budget: of 28 days, {may} in 100 answers may take longer than this
name = "fast"
metric = "latency"
within_ms = {within}
target = {target}
window = "28d"
"""
MEASURED = """\
# Measured on {where}: 99 of 100 answers stayed within {found:,.4g} ms (n = {n:,}). That, rounded up, is
# proposed below; at its usual pace the service spends at most half of the budget.
"""
FEWEST = 368  # answers: with fewer 99 of 100 have no upper limit at 95 %
ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
ERRORS = """
[[rule]]                     # of all requests, how many failed?
metric = "error_rate"
max = 0.01

[[slo]]                      # a promise with a budget: of 28 days, 1 in 100 answers may fail
name = "answers"
metric = "errors"
target = 0.99
window = "28d"
"""
REGRESSION = """
# [[rule]]                   # how far off is it on average, in units of the label?
# metric = "mean_absolute_error"
# max = 1.0
"""


@dataclass(frozen=True)
class SlowAnswers:
    """What 99 of 100 answers stayed within, in milliseconds, of how many, and where that was measured."""

    within: float
    n: int
    where: str


def propose(
    contract: Contract, first: date | None = None, last: date | None = None, slow: SlowAnswers | None = None
) -> str:
    """Returns a policy.toml for a contract; `first` and `last` are the first and last days of the log, if known.

    The reference it names is the first 56 days, where a whole window is left after them. `slow` is what its latency
    was there: the promise on latency is made of it.
    """
    since = first or date(2026, 1, 1)
    known = first is not None and last is not None and reference_days(first, last) is not None
    until = since + timedelta(days=DEFAULT_REFERENCE_DAYS)
    reference = (
        f'reference = {{ since = "{since}", until = "{until}" }}   # until is exclusive; 8 drift windows or more'
    )
    head = HEAD.format(
        version=f"{since:%Y-%m}", reference=reference if known else f"# {reference}", every=EVERY, drift=DRIFT_EVERY
    )
    return head + "".join(_rules(contract, slow))


def reference_days(first: date, last: date) -> int | None:
    """Returns the length of the reference of a log, None where no whole window would be left after it."""
    whole = (last - first).days + 1 >= DEFAULT_REFERENCE_DAYS + EVERY
    return DEFAULT_REFERENCE_DAYS if whole else None


def rounded_up(ms: float) -> float:
    """Returns the next round number of milliseconds, at least 1.

    >>> rounded_up(212.3), rounded_up(1000), rounded_up(0.2), rounded_up(9.1)
    (250, 1000, 1, 10)
    """
    power = 10.0 ** floor(log10(max(ms, 1.0)))
    found = next(step * power for step in ROUND if step * power >= ms * (1 - 1e-12))
    return int(found) if found >= 10 or found == int(found) else found


def _latency(slow: SlowAnswers | None) -> str:
    if slow is None or slow.n < FEWEST or not 0 < slow.within <= 1e6:
        return LATENCY.format(measured="", within=1000, may=5, target=0.95)
    measured = MEASURED.format(where=slow.where, found=slow.within, n=slow.n)
    return LATENCY.format(measured=measured, within=rounded_up(slow.within), may=2, target=0.98)


def _rules(contract: Contract, slow: SlowAnswers | None) -> list[str]:
    rules = [REGRESSION if contract.task == "regression" else ACCURACY]
    if contract.attributes and contract.tolerance is not None:
        question = "how much more or less often is it off by more than is tolerated?"
        rules.append(FAIR.format(metric="beyond_tolerance_rate_difference", question=question))
    if contract.attributes and contract.task != "multiclass" and contract.decides:
        found, alarms = "how much more or less often are positive cases found?", "how many more or fewer false alarms?"
        rules.append(FAIR.format(metric="true_positive_rate_difference", question=found))
        rules.append(FAIR.format(metric="false_positive_rate_difference", question=alarms))
    if contract.attributes and contract.task == "multiclass":
        rules.append(FAIR.format(metric="accuracy_difference", question="how much more or less often is it right?"))
        rules.append(OF_A_CLASS)
    rules.append(DRIFT)
    rules += [MISSING, REJECTED] if contract.features else [REJECTED]
    rules += [text for role, text in (("latency_ms", _latency(slow)), ("status", ERRORS)) if role in contract.columns]
    return rules
