"""What the view on inputs together reads: a classifier of the window, learnt once and kept beside the rollup."""

from __future__ import annotations

from dashboard.metrics.domain import Progress
from dashboard.report import domain
from dashboard.report.domain import Domain
from dashboard.report.drift import refusal
from dashboard.report.scope import Scope as Asked
from dashboard.ui.load import drift_days, model
from dashboard.ui.state import Scope


def asked(scope: Scope) -> Asked:
    """Returns the drift window and its reference as what is asked of the report."""
    return model(scope.model).scope(*drift_days(scope), version=scope.version, metrics=(domain.NAME,), kinds=("drift",))


def refused(scope: Scope) -> str:
    """Returns why nothing can be compared with the reference, "" where it can."""
    return refusal(asked(scope))


def known(scope: Scope) -> Domain | None:
    """Returns what was found of these windows before, None where nothing was asked yet."""
    return domain.known(model(scope.model).source(), asked(scope))


def found(scope: Scope, progress: Progress) -> Domain:
    """Returns what tells the drift window from its reference; takes seconds where it is not known yet."""
    return domain.domain(model(scope.model).source(), asked(scope), progress)
