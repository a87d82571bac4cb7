"""The policy: what is allowed, fixed before the data are seen, and what that says about the readings.

policy.toml -> `Policy`; with the measures of one window -> findings in four states. The word of a finding is
read off its interval and nothing else, and chance is accounted for over everything judged together.
"""

from __future__ import annotations

from dashboard.policy.findings import Finding, Judged, check, exit_code, in_order
from dashboard.policy.first import first_outside
from dashboard.policy.proposal import propose
from dashboard.policy.rules import Policy, Promise, Rule
from dashboard.policy.text import parse, read
from dashboard.policy.verdicts import State
from dashboard.policy.windows import Schedule, Window, WindowPlan, schedule, split

__all__ = [
    "Finding",
    "Judged",
    "Policy",
    "Promise",
    "Rule",
    "Schedule",
    "State",
    "Window",
    "WindowPlan",
    "check",
    "exit_code",
    "first_outside",
    "in_order",
    "parse",
    "propose",
    "read",
    "schedule",
    "split",
]
