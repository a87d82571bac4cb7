"""Reports in the shape that a rule asks for: the four-fifths screen, the tables of Local Law 144."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.words import counts, day, group_name, in_order, missing, number
from dashboard.contract import UNKNOWN_GROUP
from dashboard.metrics.four_fifths import LINE, Screen
from dashboard.metrics.local_law_144 import Impact, impact
from dashboard.report.impact import Tallies
from dashboard.ui import load, parts, say
from dashboard.ui.load import reports
from dashboard.ui.state import Scope

DRAWN = 40
NONE = "none"
ASKS = "What do the rules count?"
BASES = {False: ("Selection rate", "Selected"), True: ("Scoring rate", "Above the median")}
HOW = (
    "Each pair tested by itself, two-sided, not corrected for how many there are. "
    "Every case counts by itself, also where several belong to one person."
)


@dataclass(frozen=True)
class Table:
    """One classification: its name in words, the attributes that make it up, and its impact ratios on each basis."""

    name: str
    attributes: tuple[str, ...]

    @property
    def key(self) -> str:
        return "-".join(self.attributes)


def headline(screen: Screen, attribute: str) -> tuple[str, str]:
    """Returns the sentence on the four-fifths screen, and one on chance."""
    by = say.plain(attribute)
    if screen.ratio is None or screen.by_chance is None:
        return f"Selection rates by {by} cannot be compared: {screen.why}.", ""
    top, low = group_name(screen.highest), group_name(screen.lowest)
    under = sum(one.draws_attention for one in screen.standings)
    least = next(one for one in screen.standings if one.group == screen.lowest)
    chance = (
        f"Lowest: {low}, {counts(least.selected, least.n)}. "
        f"A ratio this low or lower comes up by chance in {often(screen.by_chance)} of cases."
    )
    if not under:
        return f"By {by}, no group is selected less than four fifths as often as {top}.", chance
    more = f"; {under - 1} more {'lies' if under == 2 else 'lie'} under four fifths" if under > 1 else ""
    ratio = number(screen.ratio, "ratio")
    return f"{low} is selected {ratio} times as often as {top}: under four fifths, which draws attention{more}.", chance


def often(p: float) -> str:
    """Returns how often in words.

    >>> often(0.0001)
    'less than 0.1\u202f%'
    """
    return "less than " + number(0.001, "share") if p < 0.001 else number(p, "share")


def source(name: str) -> None:
    """Does say which rule a report is shaped by, where it stands, as of when, and what the report supports."""
    rule = reports.rule(name)
    parts.note(rule.says)
    parts.note(f"{rule.supports} {rule.limits}")
    parts.note(f"Source: {rule.citation}, {rule.url}, as of {day(rule.as_of, year=True)}.")
    parts.note(rule.read)


def four_fifths(scope: Scope, head: Any) -> None:
    """Does draw the four-fifths screen of the scope's attribute, its sentence into `head`."""
    screen, unknown = reports.four_fifths(scope)
    attribute = scope.attribute or ""
    says, more = headline(screen, attribute)
    _opening(scope, head, says, more)
    parts.section("Four-fifths rule", f"Selection rates by {say.plain(attribute)}, each against the highest.")
    source("four_fifths")
    if not screen.standings:
        parts.nothing("No group has a decision in these days.", "Choose another window or version.")
        return
    rows = in_numbers(screen)
    if screen.ratio is not None:
        shown = rows.nsmallest(DRAWN, "value")
        shown = pd.concat([rows[rows["group"] == screen.highest], shown]).drop_duplicates("group")
        figure = charts.ratio_dots(shown, str(screen.highest), LINE, "four fifths")
        parts.picture(figure, "four-fifths", f"{says} {more}")
        parts.note(say.some(shown, rows))
    parts.table(_written(screen), f"Selection rates by {say.plain(attribute)}", ("Counts", "Rate", "Ratio", "Chance"))
    parts.note(HOW)
    parts.note(f"{unknown:,} with unknown {say.plain(attribute)} {say.were(unknown)} not in it.")
    if screen.empty:
        parts.note(f"Without a decision: {say.listed([group_name(name) for name in screen.empty])}.")
    parts.download(rows.assign(**_stamp(scope, "four_fifths")), f"four-fifths-by-{attribute}")


def _opening(scope: Scope, head: Any, says: str, more: str = "") -> None:
    with head:
        parts.sentence("Reports", ASKS, says, more)
        parts.note(say.window(load.days(scope), None))


def in_numbers(screen: Screen) -> pd.DataFrame:
    """Returns the screen, a row a group: value is the ratio to the highest group."""
    return pd.DataFrame(
        [
            {
                "group": one.group, "numerator": one.selected, "denominator": one.n, "n": one.n, "rate": one.rate,
                "value": one.ratio, "reference": screen.highest, "under_four_fifths": one.draws_attention, "p": one.p,
                "test": one.test, "by_chance_lowest_ratio": screen.by_chance, "note": "",
            }
            for one in screen.standings
        ]
    )  # fmt: skip


def _written(screen: Screen) -> list[dict[str, object]]:
    by_name = {one.group: one for one in screen.standings}
    rows: list[dict[str, object]] = []
    for name in in_order(by_name):
        one = by_name[name]
        highest = name == screen.highest
        cells: dict[str, object] = {"Group": group_name(name), "Counts": counts(one.selected, one.n)}
        cells |= {"Rate": number(one.rate, "share"), "Ratio": number(one.ratio, "ratio")}
        cells["Chance"] = "" if one.p is None else often(one.p)
        cells["By"] = "the highest" if highest else one.test
        cells["Screen"] = "under four fifths" if one.draws_attention else ""
        rows.append(cells)
    return rows


def local_law_144(scope: Scope, head: Any) -> None:
    """Does draw the tables of Local Law 144, by the attributes that the visitor says are sex and race/ethnicity."""
    parts.section("New York City Local Law 144", "Impact ratios: each category against the most selected one.")
    source("local_law_144")
    names = load.contract(scope.model).attribute_names
    with st.container(horizontal=True):
        sex = _attribute("Sex", "sex-is", names, ("sex", "gender"))
        race = _attribute("Race/ethnicity", "race-is", names, ("race", "ethnic"))
    chosen = tuple(dict.fromkeys(name for name in (sex, race) if name != NONE))
    if not chosen:
        _opening(scope, head, "Which attribute is sex, and which is race/ethnicity, is not said yet.")
        parts.nothing("Neither attribute is chosen.", "Say above which attribute is sex and which is race/ethnicity.")
        return
    tables = [Table(say.plain(name), (name,)) for name in chosen]
    tables += [Table(" and ".join(say.plain(name) for name in chosen), chosen)] if len(chosen) == 2 else []
    found = reports.impact(scope, chosen)
    if not found.whole().decided and not found.whole().scored:
        _opening(scope, head, "There is no case in these days.")
        parts.nothing("No case in these days.", "Choose another window or version.")
        return
    lowest = [(table.name, _classification(scope, table, found)) for table in tables]
    _opening(scope, head, low_ratios(lowest))


def low_ratios(tables: list[tuple[str, Impact]]) -> str:
    """Returns the lowest impact ratio of each classification and the counts it is made of, as one sentence.

    >>> low_ratios([("sex", impact({"M": (667, 1390), "F": (555, 1181)}))])
    'The lowest impact ratio by sex is 0.979 (F: 555 of 1,181).'
    """
    found: list[str] = []
    for name, one in tables:
        held = [(c.ratio, c.name, c) for c in one.categories if c.ratio is not None]
        for ratio, category, c in sorted(held)[:1]:
            told = f"{ratio:.3f} ({group_name(category)}: {counts(c.hits, c.n)})"
            found.append(f"by {name} {'' if found else 'is '}{told}")
    return f"The lowest impact ratio {', '.join(found)}." if found else "Impact ratios cannot be computed."


def _attribute(label: str, name: str, known: tuple[str, ...], words: tuple[str, ...]) -> str:
    default = next((k for k in known if any(word in k.lower() for word in words)), NONE)
    options = [NONE, *known]
    return str(st.selectbox(label, options, options.index(default), key=name, width=220, bind="query-params"))


def _classification(scope: Scope, table: Table, found: Tallies) -> Impact:
    """Does draw one classification's tables; returns the first: of selections, else of scores."""
    parts.section(f"By {table.name}")
    bases = [scores for scores in BASES if found.whole().counts(scores)[1]]
    plain = {scores: ratios(found, table.attributes, scores) for scores in bases}
    small = {c.name for one in plain.values() for c in one.categories if c.may_be_left_out}
    without, why = _left_out(table, in_order(small))
    drawn, frames = [], []
    for scores in bases:
        one = ratios(found, table.attributes, scores, without)
        heading, hits = BASES[scores]
        if scores:
            parts.note(f"Scoring rate: the share strictly above {found.median:.6g}, the median of all scores.")
        right = ("Number", hits, heading, "Impact ratio")
        parts.table(in_words(one, scores), f"{heading} by {table.name}", right)
        parts.note(f"{one.unknown:,} with unknown {table.name} {say.were(one.unknown)} not in the calculation.")
        if one.why:
            parts.note(f"Impact ratios cannot be computed: {one.why}.")
        drawn.append(one)
        frames.append(csv(one, scores, why))
    if without:
        parts.note(f"Left out, each under 2 % of the data: {say.listed([group_name(n) for n in without])}. {why}")
    whole = pd.concat(frames).assign(classification=table.name, median_score=found.median)
    parts.download(whole.assign(**_stamp(scope, "local_law_144")), f"impact-ratios-by-{table.key}")
    return drawn[0]


def _left_out(table: Table, small: list[str]) -> tuple[list[str], str]:
    """Returns which categories a person leaves out and why, as in the URL; none is without its justification."""
    if not small:
        return [], ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = f"Leave out, under 2 % of the data ({table.name})"
        key = f"without-{table.key}"
        without = st.multiselect(label, small, format_func=group_name, key=key, width=420, bind="query-params")
        if not without:
            return [], ""
        label, key = f"Justification ({table.name})", f"why-{table.key}"
        why = st.text_input(label, key=key, width=420, bind="query-params").strip()
    if not why:
        parts.note("Nothing is left out until its justification is written.")
    return (list(without), why) if why else ([], "")


def ratios(found: Tallies, attributes: tuple[str, ...], scores: bool, without: list[str] | None = None) -> Impact:
    """Returns the impact ratios by some attributes; a category with any part unknown is counted as unknown."""
    tallies = {groups: tally.counts(scores) for groups, tally in found.of(attributes).items()}
    known = {"*".join(groups): pair for groups, pair in tallies.items() if UNKNOWN_GROUP not in groups}
    unknown = sum(n for groups, (_, n) in tallies.items() if UNKNOWN_GROUP in groups)
    return impact({name: known[name] for name in in_order(known)}, unknown, without or ())


def in_words(one: Impact, scores: bool) -> list[dict[str, object]]:
    """Returns the rows of a table of impact ratios."""
    heading, hits = BASES[scores]
    return [
        {
            "Category": group_name(c.name),
            "Number": number(c.n, "count"),
            hits: number(c.hits, "count"),
            heading: number(c.rate, "share"),
            "Impact ratio": "left out" if c.left_out else "–" if missing(c.ratio) else f"{c.ratio:.3f}",
        }
        for c in one.categories
    ]


def csv(one: Impact, scores: bool, why: str) -> pd.DataFrame:
    """Returns a table of impact ratios as numbers, the unknown last."""
    rows: list[dict[str, object]] = [
        {
            "basis": BASES[scores][0].lower(), "category": c.name, "n": c.n, "hits": c.hits, "rate": c.rate,
            "share_of_data": c.share, "impact_ratio": c.ratio, "left_out": c.left_out,
            "justification": why if c.left_out else "",
        }
        for c in one.categories
    ]  # fmt: skip
    every = pd.DataFrame([*rows, {"basis": BASES[scores][0].lower(), "category": "unknown", "n": one.unknown}])
    return every.astype({"n": "Int64", "hits": "Int64"})  # the unknown have no hits: not a float for that


def _stamp(scope: Scope, name: str) -> dict[str, Any]:
    since, until = load.days(scope)
    rule = reports.rule(name)
    said = {"model": scope.model, "version": scope.version or "all", "since": since, "until": until}
    return {**said, "rule": rule.citation, "rule_as_of": rule.as_of}
