"""Version against version: which is better, by how much, whether that is noise, and whom a better average hurts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.versions import MARKS
from dashboard.charts.words import digits, group_name, in_order, interval, missing, number, title, unit_of, window
from dashboard.metrics.table.versions import SUFFIX
from dashboard.policy.numbers import percent
from dashboard.ui import marks, parts, say, verdicts
from dashboard.ui.load import held
from dashboard.ui.load import versions as load
from dashboard.ui.load.versions import Compared
from dashboard.ui.state import Scope

MORE: Mapping[str, tuple[str, str]] = {
    "accuracy": ("is right more often", "is right less often"),
    "true_positive_rate": ("finds more of the positive cases", "finds fewer of the positive cases"),
    "true_negative_rate": ("leaves more of the negative cases alone", "leaves fewer of the negative cases alone"),
    "false_positive_rate": ("raises more false alarms", "raises fewer false alarms"),
    "false_negative_rate": ("misses more of the positive cases", "misses fewer of the positive cases"),
    "precision": ("is right more often when it selects", "is right less often when it selects"),
    "negative_predictive_value": ("is right more often when it does not select", "errs more when it does not select"),
    "selection_rate": ("selects more cases", "selects fewer cases"),
    "f1": ("has the higher F1", "has the lower F1"),
    "roc_auc": ("ranks cases better", "ranks cases worse"),
    "mean_absolute_error": ("is further off", "is closer"),
    "root_mean_squared_error": ("has larger errors", "has smaller errors"),
}
WORDS = {
    "better": "Better",
    "worse": "Worse",
    "more": "More",
    "less": "Less",
    "unsure": "Can’t tell",
    "too few": "Too few to judge",
    "cannot be computed": "Can’t be computed",
}
NAMED = 3  # groups that are named in words; the table has all


def section(scope: Scope) -> None:
    """Does draw the section, or nothing where the log has one version only."""
    pair = load.pair(scope)
    if pair is None:
        return
    parts.section("Version against version")
    challenger, champion = _versions(scope, *pair)
    metric, attribute = _metric(load.metrics(scope)), _attribute(scope)
    found = load.compared(scope, challenger, champion, metric, attribute)
    drawn = found.differences[found.differences["metric"] == metric + SUFFIX]
    if not drawn["value"].notna().any():
        parts.nothing(
            f"{challenger} and {champion} can’t be compared by {say.lower(say.plain_title(metric))} yet.",
            *drawn["note"].head(1),
        )
        return
    parts.findings(told(found, metric))
    parts.note(caution(found))
    st.html(_key(drawn["verdict"]))
    shown = pd.concat([drawn[drawn["group"].isna()], _largest(drawn[drawn["group"].notna()])])
    figure = charts.version_dots(shown, champion)
    parts.picture(figure, f"versions-{metric}", _alt(shown))
    parts.note(" ".join(text for text in (say.some(shown, drawn), leveled(drawn)) if text))
    parts.table(table(found, metric), _caption(found, metric), numbers=("Difference", "Interval", challenger, champion))
    parts.download(found.differences, f"{challenger}-against-{champion}")


def _versions(scope: Scope, challenger: str, champion: str) -> tuple[str, str]:
    """Returns the versions that are chosen; of two there is nothing to choose."""
    known = list(held(scope.model).extent.versions)
    if len(known) == 2:
        return challenger, champion
    with st.container(horizontal=True):
        judged = str(st.selectbox("Version", known, known.index(challenger), key="challenger", width=200))
        others = [name for name in known if name != judged]
        place = others.index(champion) if champion in others else 0
        against = str(st.selectbox("Compared with", others, place, key="champion", width=200))
    return judged, against


def _metric(known: list[str]) -> str:
    chosen = st.selectbox("Compared by", known, format_func=title, key="versions-metric", width=340)
    return str(chosen or known[0])


def _attribute(scope: Scope) -> str | None:
    """Returns the scope's attribute, else the one that is crossed with others: harm hides there."""
    from dashboard.ui.load import contract

    known = contract(scope.model)
    crossed = ["*".join(names) for names in known.intersections]
    return scope.attribute or next(iter([*crossed, *known.attribute_names]), None)


def _largest(groups: pd.DataFrame) -> pd.DataFrame:
    return groups.sort_values("n", ascending=False).head(verdicts.DRAWN)


def told(found: Compared, metric: str) -> list[tuple[str | None, str, str]]:
    """Returns the findings in words: what holds for everybody, then whom the version harms more than it does all.

    For everybody the metric that is drawn, and of the others those in which the versions differ: a version that finds
    more can raise more false alarms.
    """
    of_all = found.differences["group"].isna()
    everybody, drawn = found.differences[of_all], metric + SUFFIX
    ordered = [*_rows(everybody[everybody["metric"] == drawn]), *_rows(everybody[everybody["metric"] != drawn])]
    shown = [row for row in ordered if row["metric"] == drawn or row["verdict"] in ("better", "worse")]
    rows = [(MARKS.get(str(row["verdict"])), overall(found, row), WORDS[str(row["verdict"])]) for row in shown]
    common = {str(row["metric"]): abs(row["value"]) for row in ordered if row["verdict"] == "worse"}
    harmed = found.differences[~of_all & (found.differences["verdict"] == "worse")]
    nearest = harmed[["low", "high"]].abs().min(axis=1)  # at least so much worse
    harmed = harmed[nearest.astype(float) > harmed["metric"].map(common).astype(float).fillna(0.0)]
    worst = harmed.assign(size=harmed["value"].abs()).sort_values("size", ascending=False).drop_duplicates("group")
    named = [("outside", for_group(row, found.challenger), WORDS["worse"]) for row in _rows(worst.head(NAMED))]
    if len(worst) > NAMED:
        named.append(("outside", f"{say.many(len(worst) - NAMED, 'more group')} in the table.", WORDS["worse"]))
    return [*rows, *named]


def overall(found: Compared, row: Mapping[str, Any]) -> str:
    """Returns what holds for everybody: which version is better, by how much, on how many cases."""
    base = str(row["metric"]).removesuffix(SUFFIX)
    name, other = found.challenger, found.champion
    cases = counted(found, row)
    if missing(row["value"]):
        return f"{name} and {other} can’t be compared: {row['note']}."
    if row["verdict"] in ("unsure", "too few"):
        difference = f"{number(row['value'], unit_of(row['metric']))} ({_between(row)}; {cases})"
        noise = "as much as chance makes" if row["verdict"] == "unsure" else "too few cases to say"
        return f"{name} against {other}, {say.lower(say.plain_title(base))}: {difference}, {noise}."
    return f"{name} {MORE[base][row['value'] < 0]} than {other}: {_size(row)} ({_reach(row)}; {cases})."


def for_group(row: Mapping[str, Any], name: str) -> str:
    """Returns how a group is worse off."""
    base = str(row["metric"]).removesuffix(SUFFIX)
    phrase = MORE[base][row["value"] < 0].replace("is right", "it is right", 1)
    phrase = phrase if phrase.startswith("it ") else f"it {phrase}"
    return f"For {group_name(row['group'])}, {name} is worse: {phrase}, by {_size(row)} ({_reach(row)})."


def _size(row: Mapping[str, Any]) -> str:
    return number(abs(float(row["value"])), unit_of(str(row["metric"])))


def _reach(row: Mapping[str, Any]) -> str:
    """Returns the interval of a difference's size, whichever side it is on."""
    ends = sorted(abs(float(row[end])) for end in ("low", "high") if not missing(row[end]))
    return f"{_digits(ends[0], row)} to {_digits(ends[-1], row)}" if len(ends) == 2 else "no interval"


def _between(row: Mapping[str, Any]) -> str:
    return interval(row["low"], row["high"], unit_of(str(row["metric"])))


def _digits(value: float, row: Mapping[str, Any]) -> str:
    return digits(value, unit_of(str(row["metric"])))


def counted(found: Compared, row: Mapping[str, Any]) -> str:
    """Returns on how many cases two versions are compared: the same ones, or some against others."""
    if found.met.paired and "unpaired" not in str(row["note"]):
        return f"the {int(row['n']):,} cases that both scored"
    base = str(row["metric"]).removesuffix(SUFFIX)
    same = (found.own["metric"] == base) & found.own["feature"].isna()
    same &= found.own["group"].isna() if missing(row["group"]) else found.own["group"] == row["group"]
    n = {str(one["version"]): int(one["n"]) for one in _rows(found.own[same])}
    of_both = f"{n.get(found.challenger, 0):,} cases against {n.get(found.champion, 0):,}"
    return ", ".join(text for text in (of_both, found.met.apart) if text)


def caution(found: Compared) -> str:
    """Returns the window, and why a difference may not be the versions' own."""
    days = f"{window(*found.window, year=True)}."
    if found.met.paired:
        return f"{days} Both scored the same cases, so they are compared case by case."
    if not found.met.apart:
        return f"{days} Each scored cases of its own: two samples."
    shared = f" ({found.met.apart})" if "common" in found.met.apart else ""
    return (
        f"{days} The versions did not run on the same days{shared}: a difference may be the days’ own. For a fair "
        f"comparison let {found.challenger} score {found.champion}’s cases for a while, as its shadow."
    )


def leveled(drawn: pd.DataFrame) -> str:
    """Returns the levels of the intervals, which allow for there being many comparisons."""
    levels = {
        name: percent(float(rows["level"].iloc[0]))
        for name, rows in (("everybody", drawn[drawn["group"].isna()]), ("groups", drawn[drawn["group"].notna()]))
        if len(rows)
    }
    same = len(set(levels.values())) == 1
    told = (
        next(iter(levels.values())) if same else say.listed([f"{level} for {name}" for name, level in levels.items()])
    )
    return f"The intervals are at {told}, so that of many comparisons hardly one is named by chance."


def table(found: Compared, metric: str) -> list[dict[str, object]]:
    """Returns a row for everybody and each group: the difference, its verdict, both versions' own numbers."""
    own = found.own[(found.own["metric"] == metric) & found.own["feature"].isna()]
    values = {(str(row["version"]), _name(row)): row for row in _rows(own)}
    rows = []
    listed = _rows(found.differences[found.differences["metric"] == metric + SUFFIX])
    places = {group: place for place, group in enumerate(in_order(str(row["group"]) for row in listed))}
    for row in sorted(listed, key=lambda row: -1 if missing(row["group"]) else places[str(row["group"])]):
        unit = unit_of(str(row["metric"]))
        cells: dict[str, object] = {
            "Group": _name(row),
            "Difference": number(None if missing(row["value"]) else float(row["value"]), unit),
            "Interval": "" if missing(row["value"]) else interval(row["low"], row["high"], unit),
            "Verdict": WORDS[str(row["verdict"])],
        }
        for version in (found.challenger, found.champion):
            one = values.get((version, _name(row)))
            cells[version] = "–" if one is None else say.value_words(one)
        rows.append(cells | {"Note": str(row["note"]) if missing(row["value"]) else _pairs(row)})
    return rows if any(row["Note"] for row in rows) else [_without(row, "Note") for row in rows]


def _pairs(row: Mapping[str, Any]) -> str:
    """Returns on how many of the same cases two versions differ, where they scored the same; else ""."""
    return next((part for part in str(row["note"]).split("; ") if part.startswith("they differ")), "")


def _without(row: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in row.items() if key != name}


def _name(row: Mapping[str, Any]) -> str:
    return "Everybody" if missing(row["group"]) else group_name(row["group"])


def _caption(found: Compared, metric: str) -> str:
    return f"{say.plain_title(metric)}: {found.challenger} minus {found.champion}"


def _alt(drawn: pd.DataFrame) -> str:
    told = []
    for row in _rows(drawn):
        size = number(row["value"], unit_of(row["metric"]))
        told.append(f"{_name(row)}: {size} ({_between(row)}), {WORDS[row['verdict']].lower()}")
    return "; ".join(told)


def _key(verdicts_drawn: Iterable[Any]) -> str:
    there = set(verdicts_drawn)
    shown = [name for name in WORDS if name in there and name in MARKS]
    return '<div class="eh-key">' + "".join(marks.mark(MARKS[name], WORDS[name].lower()) for name in shown) + "</div>"


def _rows(readings: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in readings.to_dict("records")]
