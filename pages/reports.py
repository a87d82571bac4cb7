"""Reports in the shape that rules ask for: the four-fifths screen, Local Law 144's tables; a screen, not a verdict."""

from functools import partial

from dashboard.ui import load, parts, reports, say, state
from dashboard.ui.load import reports as read

scope = state.scope()
ASKS = "What do the rules count?"
if load.contract(scope.model).task != "binary":
    parts.sentence("Reports", ASKS, "These rules count who is selected, and this model does not select.")
    parts.nothing("They need a model that says yes or no.", "Differences between groups are on Fairness.")
elif scope.attribute is None:
    parts.sentence("Reports", ASKS, "No protected attribute is declared.")
    parts.nothing("The contract names none.", 'Add a section such as [attributes.sex] with column = "sex".')
else:
    screen, _ = read.four_fifths(scope)
    parts.sentence("Reports", ASKS, *reports.headline(screen, scope.attribute))
    parts.note(say.window(load.days(scope), None))
    views = {
        "Four-fifths rule": partial(reports.four_fifths, scope),
        "Local Law 144": partial(reports.local_law_144, scope),
    }
    parts.views("report", views)
