"""How good is it, and do we know? Natural frequencies, 1,000 cases as 1,000 marks, one metric over time."""

import streamlit as st

from dashboard import charts
from dashboard.ui import (
    change,
    classes,
    estimates,
    headlines,
    labels,
    load,
    parts,
    regression,
    say,
    state,
    value,
    verdicts,
    versions,
)

scope = state.scope()
readings = load.readings(scope, kinds=("performance", "data"), labels=True)
says, more = headlines.performance(readings, scope.version or scope.model)
parts.sentence("Performance", "How good is it, and do we know?", says, more)
parts.note(say.window(load.days(scope, labels=True), load.complete_until(scope.model)))
labels.careful(scope)


def how_good() -> None:
    """Does show the cases as marks, one metric over time, all metrics of the window."""
    cells = say.cells(readings)
    if cells is None and not verdicts.measured(readings):
        parts.nothing(
            "No labels yet for this window.", "Choose an earlier window.", "Drift and Service need no labels."
        )
    elif cells is not None:
        positive = say.positive(load.contract(scope.model))
        parts.section("1,000 cases", f"Each mark is one of 1,000 cases like those of this window. {positive}")
        parts.picture(charts.icon_array(**cells), "icons", say.icons(cells), narrow=True)
        parts.table(*say.confusion(cells), numbers=("Labelled positive", "Labelled negative"))
    regression.section(scope)
    classes.section(scope)
    over_time()
    value.section(scope)
    parts.section("All metrics of this window")
    parts.readings_table(say.everybody(readings), "Each with its 95 % interval", by="metric")
    parts.download(readings, "performance")


def over_time() -> None:
    """Does draw the chosen metric by day, week or month."""
    drawn = st.container()
    chosen, period = parts.metric_and_period(verdicts.computed(readings))
    over = load.readings(scope, (chosen,), ("performance", "data"), by=period, everything=True)
    settled = load.complete_until(scope.model).isoformat()
    with drawn:
        parts.section("Over time", say.still_coming(over, settled))
    figure = charts.over_time(over, load.promise(scope, chosen), load.version_starts(scope.model), settled=settled)
    parts.picture(figure, f"{chosen}-by-{period}", say.alt(over, "since"))
    with st.expander("The numbers behind it"):
        parts.readings_table(over, f"{say.plain_title(chosen)} by {period}", by="since")
    parts.download(over, f"{chosen}-by-{period}")


views = {
    "How good": how_good,
    "Before labels": lambda: estimates.section(scope),
    "Versions": lambda: versions.section(scope),
    "Why it changed": lambda: change.section(scope),
    "Labels": lambda: labels.section(scope),
}
if len(load.held(scope.model).extent.versions) < 2:
    del views["Versions"]
parts.views("view", views)
