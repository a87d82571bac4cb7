"""The statements that count: one coded table per chunk of days, then one GROUP BY per tally.

Every key becomes a small integer first (`coded`), because DuckDB then groups by array position instead of by
hash; names come back from the chunk's lists when the few counted rows are stored. This is the one place where
statements are assembled; every name in them goes through `identifier` or `literal`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboard.contract import Attribute, Contract
from dashboard.sql import identifier, literal

SCALE = 1_000_000_000  # fixed point of losses and scores
STEPS = 1_000_000  # fixed point of a regression's values and errors
CELLS = 4096  # grid cells of a numeric feature
SHIFT = 12  # a grid value's cell is value >> SHIFT
NO_LABEL = 255
INPUT_TABLES = ("latency", "volume", "features", "categories", "quality")
# The number of latency edges that are not above a latency: the logarithm only guesses, two comparisons decide.
LATENCY_GUESS = "least(greatest(floor(ln(latency_ms / {first!r}) / ln({growth!r})) + 1, 1), {last})::INTEGER"
LATENCY_BIN = (
    "CASE WHEN latency_ms < latency_edges[1] THEN 0 ELSE latency_guess + (latency_ms >= latency_edges[latency_guess + 1])::INTEGER"
    " - (latency_ms < latency_edges[latency_guess])::INTEGER END"
)
OUTCOME_TABLES = ("outcomes", "errors", "bins", "subjects", "delays")


@dataclass(frozen=True)
class Grid:
    """Where a numeric feature's bins lie: value -> floor((value - low) * scale), cell = that >> SHIFT, clamped."""

    low: float
    scale: float
    cuts: tuple[int, ...]  # cells at which a new bin begins


@dataclass(frozen=True)
class Coding:
    """What one chunk's integers stand for. `names[column]` lists a text column's values; its code is the position."""

    contract: Contract
    names: Mapping[str, Sequence[str]]
    grids: Mapping[str, Grid]
    score_edges: tuple[float, ...]
    score_cells: int
    latency: tuple[float, float, int]  # first edge, growth, number of edges
    categories: tuple[str, ...]
    groups_binned: Mapping[str, Sequence[str]]
    has_subject: bool

    @property
    def breakdowns(self) -> list[tuple[str, tuple[Attribute, ...]]]:
        """Everybody, each attribute, each declared intersection: (name, its attributes)."""
        single = [(a.name, (a,)) for a in self.contract.attributes]
        crossed = [
            ("*".join(names), tuple(self.contract.attribute(n) for n in names)) for names in self.contract.intersections
        ]
        return [("", ()), *single, *crossed]


def delivered(column: str) -> str:
    """Returns the quoted log column of a delivered column."""
    return identifier(f"x_{column}")


def listed(values: Sequence[str]) -> str:
    """Returns a list literal of texts."""
    return "[" + ", ".join(literal(value) for value in values) + "]::VARCHAR[]"


def code(column: str, values: Sequence[str], width: str = "USMALLINT") -> str:
    """Returns the expression for a text column's code: its position from 1, 0 for NULL."""
    return f"coalesce(list_position({listed(values)}, {column}), 0)::{width}" if values else f"0::{width}"


def group_code(attribute: Attribute, names: Mapping[str, Sequence[str]]) -> str:
    """Returns the expression for an attribute's group code: 0 is unknown."""
    column = delivered(attribute.column)
    if not attribute.edges:
        return code(column, names[f"x_{attribute.column}"])
    above = " + ".join(f"({column} >= {edge!r})::USMALLINT" for edge in attribute.edges)
    return f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 + {above} END::USMALLINT"


def group_names(attribute: Attribute, names: Mapping[str, Sequence[str]]) -> list[str]:
    """Returns the names behind an attribute's codes, code 0 first. A literal * is escaped, * crosses attributes."""
    known = attribute.bands() or names[f"x_{attribute.column}"]
    return ["unknown", *(name.replace("*", "\\*") for name in known)]


def coded(coding: Coding, source: str, first_day: str) -> str:
    """Returns the SELECT that turns joined log rows (`source`) into the chunk's coded table."""
    return (
        f"SELECT {', '.join([*_keys(coding, first_day), *_truth(coding), *_service(coding), *_inputs(coding)])} "  # noqa: S608
        f"FROM (SELECT *, {_score_cell(coding)} AS score_cell, {_latency_guess(coding)} AS latency_guess "
        f"FROM {source}) AS source, lookups"
    )


def _score_cell(coding: Coding) -> str:
    return f"least(greatest(floor(sqrt(sqrt(score)) * {coding.score_cells}), 0), {coding.score_cells})::INTEGER"


def _latency_guess(coding: Coding) -> str:
    first, growth, last = coding.latency
    return LATENCY_GUESS.format(first=first, growth=growth, last=last)


def _keys(coding: Coding, first_day: str) -> Iterator[str]:
    yield f"(day - DATE {literal(first_day)})::USMALLINT AS d"
    yield f"{code('version', coding.names['version'])} AS v"
    for index, attribute in enumerate(coding.contract.attributes):
        yield f"{group_code(attribute, coding.names)} AS a{index}"
    if coding.has_subject:
        key = literal(coding.contract.name + ":")
        yield f"(md5_number_lower({key} || coalesce(subject, id)) % 256)::UTINYINT AS bucket"


def _truth(coding: Coding) -> Iterator[str]:
    contract = coding.contract
    if contract.task == "regression":
        yield from (f"{NO_LABEL}::UTINYINT AS l", f"{NO_LABEL}::UTINYINT AS k", "NULL::USMALLINT AS s")
        yield f"round(score * {STEPS})::BIGINT AS sc"
        yield f"round((score - label) * {STEPS})::BIGINT AS e, round(label * {STEPS})::BIGINT AS y"
    elif contract.task == "multiclass":
        yield f"coalesce(list_position({listed(coding.names['label'])}, label), {NO_LABEL})::UTINYINT AS l"
        yield f"coalesce(list_position({listed(coding.names['label'])}, decision), {NO_LABEL})::UTINYINT AS k"
        yield from ("NULL::USMALLINT AS s", f"round(score * {SCALE})::BIGINT AS sc")
    else:
        decided = f"coalesce(decision, (score >= {contract.threshold!r})::TINYINT)"
        yield f"coalesce(label, {NO_LABEL})::UTINYINT AS l, coalesce({decided}, {NO_LABEL})::UTINYINT AS k"
        yield (
            "(list_extract(lower_bins, score_cell + 1) + (score >= list_extract(next_edges, score_cell + 1))::USMALLINT)"
            "::USMALLINT AS s"
        )
        yield f"round(score * {SCALE})::BIGINT AS sc"
        right = "CASE WHEN label = 1 THEN score ELSE 1 - score END"
        yield f"CASE WHEN label IS NOT NULL THEN 1 - {right} END AS miss"
    yield "delay"


def _service(coding: Coding) -> Iterator[str]:
    yield "date_diff('hour', DATE '1970-01-01', time)::INTEGER AS h"
    yield f"{code('endpoint', coding.names['endpoint'])} AS en"
    yield f"{code('status', coding.names['status'])} AS st"
    yield f"{LATENCY_BIN}::SMALLINT AS lat"


def _inputs(coding: Coding) -> Iterator[str]:
    for index, (name, grid) in enumerate(coding.grids.items()):
        column = delivered(name)
        value = f"least(greatest(floor(({column} - {grid.low!r}) * {grid.scale!r}), -2147483647), 2147483647)"
        yield f"CASE WHEN {column} IS NOT NULL THEN {value}::INTEGER END AS t{index}"  # greatest(NULL, x) is x
    for index, name in enumerate(coding.categories):
        yield f"{code(delivered(name), coding.names[f'x_{name}'])} AS c{index}"
    limited = [f for f in coding.contract.features if f.kind == "numeric" and (f.minimum, f.maximum) != (None, None)]
    for index, feature in enumerate(limited):
        column = delivered(feature.name)
        low = f"{column} < {feature.minimum!r}" if feature.minimum is not None else "false"
        high = f"{column} > {feature.maximum!r}" if feature.maximum is not None else "false"
        yield f"coalesce({low} OR {high}, false) AS o{index}"
