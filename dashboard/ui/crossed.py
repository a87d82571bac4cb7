"""Where attributes cross: two chosen, one metric in a map of all their groups, each attribute by itself beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard.charts.words import group_name, missing, number, question, unit_of
from dashboard.contract import Contract
from dashboard.metrics import RATES
from dashboard.metrics.multiclass import AVERAGES
from dashboard.ui import crossing as words
from dashboard.ui import fairness_words, heat, labels, load, parts, say, verdicts
from dashboard.ui.crossing import Crossing, Map
from dashboard.ui.load import groups
from dashboard.ui.state import Scope, followed, pick

ASKS = "Who is treated worse where attributes cross, and whom does the model serve?"
ALL_CLASSES, TOGETHER = "all classes together", "all together"
MAPS = 12
BINARY = (
    "f1", "balanced_accuracy", "matthews_correlation", "roc_auc", "average_precision", "brier_score", "log_loss",
    "calibration_error", "label_coverage",
)  # fmt: skip
CLASSES = ("accuracy", *AVERAGES, "brier_score", "log_loss", "calibration_error", "label_coverage")
OF_CLASS = (*(name for name in RATES if name != "accuracy"), "f1", "roc_auc", "average_precision", "calibration_error")
NUMBERS = (
    "mean_absolute_error", "mean_error", "root_mean_squared_error", "median_absolute_error", "beyond_tolerance_rate",
    "label_coverage",
)  # fmt: skip
CAREFUL = (
    "The more groups, the farther apart chance alone puts the lowest and the highest: intervals are at 95 %, each by "
    "itself, and only a mark is a verdict."
)


@dataclass(frozen=True)
class Asked:
    """What the visitor asks: what is crossed, which metric, of which class."""

    crossing: Crossing
    metric: str
    of_class: str | None


def section(scope: Scope, head: Any) -> None:
    """Does draw the chosen crossing, its sentence into `head`."""
    contract = load.contract(scope.model)
    if len(contract.attributes) < 2:
        _nothing(head, "Crossing needs two attributes.", _one_attribute(contract))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rows, columns = _chosen(scope, contract)
        crossing = _crossing(contract, rows, columns)
        of_class = _class(contract)
    metric = parts.question_box(_metrics(scope, contract, of_class))
    if crossing is None:
        both = f"{say.plain(rows)} and {say.plain(columns)}"
        _nothing(head, f"{both.capitalize()} are not counted together.", *_declare(contract, rows, columns))
        return
    _draw(scope, head, Asked(crossing, metric, of_class))


def _nothing(head: Any, says: str, *todo: str) -> None:
    with head:
        parts.sentence("Groups", ASKS, says)
    parts.nothing(*todo)


def _one_attribute(contract: Contract) -> str:
    return f"The contract declares only {say.plain(contract.attribute_names[0])}: add a second [attributes.…] section."


def _declare(contract: Contract, rows: str, columns: str) -> tuple[str, ...]:
    """Returns what to add to the contract so that two attributes are counted together."""
    lists = [*contract.intersections, (rows, columns)]
    line = ", ".join("[" + ", ".join(f'"{name}"' for name in names) + "]" for names in lists)
    add = f"Add to contract.toml, under [fairness]: intersections = [{line}]"
    return "The contract does not declare the pair.", add, f"Then count again: evenhand rollup {contract.name}"


def _chosen(scope: Scope, contract: Contract) -> tuple[str, str]:
    """Returns the attributes of rows and columns: as the URL or the visitor says, at first a declared pair."""
    names = list(contract.attribute_names)
    rows, columns = _usual(scope, contract)
    new = st.session_state.get("crossed-for") != (scope.model, scope.attribute)
    first = _box("Rows", "rows", names, rows, new)
    others = [name for name in names if name != first]
    second = _box("Columns", "columns", others, columns if columns != first else others[0], new)
    st.session_state["crossed-for"] = (scope.model, scope.attribute)
    return first, second


def _usual(scope: Scope, contract: Contract) -> tuple[str, str]:
    """Returns the pair to begin with: the scope's, else a declared one with its attribute; more groups in the rows."""
    own = tuple((scope.attribute or "").split("*"))
    declared = [names for names in contract.intersections if set(own) <= set(names)]
    pair = [*(own if len(own) > 1 else ()), *(declared or contract.intersections or [contract.attribute_names])[0]][:2]
    return (pair[1], pair[0]) if contract.attribute(pair[1]).edges else (pair[0], pair[1])


def _box(label: str, name: str, known: Sequence[str], default: str, new: bool) -> str:
    written = f"{name}-written"
    linked = followed(name, st.session_state.get(name), st.session_state.get(written))
    if linked in known:
        st.session_state[name] = linked
    elif new and written in st.session_state:
        st.session_state[name] = default
    elif st.session_state.get(name) not in known:
        st.session_state[name] = pick(st.query_params.get(name), known, default)
    chosen = str(st.selectbox(label, known, format_func=say.plain, key=name, width=200))
    st.query_params[name] = st.session_state[written] = chosen
    return chosen


def _crossing(contract: Contract, rows: str, columns: str) -> Crossing | None:
    """Returns the declared crossing of two attributes, of three where the visitor wants a map for each group of it."""
    pair = next(("*".join(names) for names in contract.intersections if set(names) == {rows, columns}), None)
    thirds = {
        next(name for name in names if name not in (rows, columns)): "*".join(names)
        for names in contract.intersections
        if len(names) == 3 and {rows, columns} < set(names)
    }
    options = [*([TOGETHER] if pair else []), *thirds]
    if not thirds:
        return Crossing(pair, rows, columns) if pair else None
    each = str(st.selectbox("A map for each", options, format_func=say.plain, key="each", width=200))
    if each in thirds:
        return Crossing(thirds[each], rows, columns, each)
    return Crossing(pair, rows, columns) if pair else None


def _class(contract: Contract) -> str | None:
    if contract.task != "multiclass" or not contract.classes:
        return None
    chosen = str(st.selectbox("Class", [ALL_CLASSES, *contract.classes], key="class", width=220))
    return None if chosen == ALL_CLASSES else chosen


def _metrics(scope: Scope, contract: Contract, of_class: str | None) -> list[str]:
    """Returns the metrics that a model's groups can be compared on, those that a rule judges first."""
    known = {"binary": (*RATES, *BINARY), "multiclass": OF_CLASS if of_class else CLASSES, "regression": NUMBERS}
    judged = [verdicts.rate_of(f.metric) for f in load.findings(scope, "fairness") if "*" in (f.attribute or "")]
    names = [name for name in known[contract.task] if name != "beyond_tolerance_rate" or contract.tolerance is not None]
    return [name for name in dict.fromkeys((*judged, *names)) if name in names]


def _draw(scope: Scope, head: Any, asked: Asked) -> None:
    contract, crossing, metric = load.contract(scope.model), asked.crossing, asked.metric
    declared = [*contract.attribute_names, *("*".join(names) for names in contract.intersections)]
    readings = groups.crossed(scope, metric, crossing.needs(declared), asked.of_class)
    findings = load.findings(scope, "fairness", "performance") if asked.of_class is None else []
    drawn = words.maps(readings, crossing, findings, metric, groups.minimum_n(scope))
    late = groups.late(metric)
    computed = any(not missing(row["value"]) for one in drawn for row in one.cells.values())
    says, more = words.sentence(drawn, asked.of_class) if computed else ("Nothing can be computed here.", "")
    with head:
        parts.sentence("Groups", ASKS, says, more)
        parts.note(say.window(load.days(scope, labels=late), load.complete_until(scope.model) if late else None))
        if late:
            labels.careful(scope)
    if not computed:
        todo = "Choose an earlier window, or a question that needs no labels." if late else "Choose another window."
        parts.nothing("No case here has what the question needs.", todo)
        return
    told = [f for f in findings if f.state == "outside" and f.attribute == crossing.name and _about(f.metric, metric)]
    parts.findings([(finding.state, finding.sentence) for finding in told[:3]])
    _maps(drawn, says)
    own = readings[readings["attribute"] == crossing.name]
    unknown = own[own["group"].map(lambda group: "unknown" in str(group).split("*"))]
    parts.note(f"{CAREFUL} {fairness_words.unknown(unknown, own, crossing.name)}")
    with st.expander("The numbers behind it"):
        right = ("Value", "95 % interval", "Counts")
        parts.table(words.table(drawn), f"{say.plain_title(metric)} by {say.plain(crossing.name)}", right, ("State",))
    parts.download(_csv(readings, drawn), f"{metric}-by-{crossing.name.replace('*', '-')}")
    if metric in RATES and contract.task == "binary":
        parts.link("fairness", "Each group against the reference →", attribute=crossing.name, metric=metric)


def _about(judged: str, metric: str) -> bool:
    return judged in (metric, f"{metric}_difference", f"{metric}_ratio")


def _maps(drawn: Sequence[Map], says: str) -> None:
    """Does draw the maps on one scale, and the key to it."""
    metric, crossing, ends = drawn[0].metric, drawn[0].crossing, words.scale(drawn)
    unit, (end, ranked) = unit_of(metric), words.worst(drawn)
    named = {str(ranked[0]["group"]): end} if len(ranked) > 1 else {}
    parts.section(question(metric), f"{say.plain_title(metric)}, deeper where it is higher; last row and column: all.")
    if ends:
        small = any(not one.enough(place) for one in drawn for place in one.cells)
        few = f"hatched: fewer than {drawn[0].minimum:,}, not compared" if small else ""
        st.html(heat.key(number(ends[0], unit), number(ends[1], unit), few))
    corner = f"{say.plain(crossing.rows)} / {say.plain(crossing.columns)}"
    for one in drawn[:MAPS]:
        caption = f"{say.plain(crossing.each)}: {group_name(one.group)}" if crossing.each else says
        columns = [*map(group_name, one.column_names), words.ALL]
        st.html(heat.table(corner, columns, words.cells(one, ends, named), caption))
    left = [one for one in drawn if len({row for row, _ in one.cells}) - 1 > words.ROWS]
    parts.note("Only the largest groups are drawn; the table has all." if left or len(drawn) > MAPS else "")


def _csv(readings: Any, drawn: Sequence[Map]) -> Any:
    states = drawn[0].states if drawn else {}
    crossed = readings["attribute"] == drawn[0].crossing.name
    return readings.assign(state=readings["group"].map(states).where(crossed), minimum_n=drawn[0].minimum)
