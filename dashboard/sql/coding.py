"""The statement that codes a chunk of the log: every name becomes a small integer, what is measured stays a number.

Counting then needs no text. This is where the statement is assembled; every name in it goes through `identifier`
or `literal`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboard.contract import UNKNOWN_GROUP, Attribute, Contract
from dashboard.sql import identifier, listing, literal

NONE = 65_535  # the code of a label or decision that is not there


@dataclass(frozen=True)
class Coding:
    """What one chunk's integers stand for. `names[column]` lists a text column's values; its code is the position.

    Code 0 is NULL: the group `unknown`, a missing category. Days are counted from `first_day` (ISO).
    """

    contract: Contract
    names: Mapping[str, Sequence[str]]
    first_day: str
    inputs: bool  # also what needs no labels: service, features

    @property
    def breakdowns(self) -> list[tuple[str, tuple[Attribute, ...]]]:
        """Everybody (''), each attribute, each declared intersection: (name, its attributes)."""
        contract = self.contract
        single = [(attribute.name, (attribute,)) for attribute in contract.attributes]
        crossed = [("*".join(row), tuple(contract.attribute(name) for name in row)) for row in contract.intersections]
        return [("", ()), *single, *crossed]

    @property
    def has_subject(self) -> bool:
        return "subject" in self.contract.columns

    @property
    def has_pairs(self) -> bool:
        """Whether two versions may have scored the same case."""
        return len(self.names["version"]) > 1 and {"id", "version"} <= self.contract.columns.keys()

    def features(self, kind: str) -> list[str]:
        """Returns the features of a kind, in the contract's order."""
        return [feature.name for feature in self.contract.features if feature.kind == kind]

    def groups(self, attribute: Attribute) -> list[str]:
        """Returns the names behind an attribute's codes. A literal * is escaped: * crosses attributes."""
        known = attribute.bands() or self.names[delivered(attribute.column)]
        return [UNKNOWN_GROUP, *map(escaped, known)]


def escaped(group: str) -> str:
    """Returns a group's name with its * escaped: a bare * crosses attributes."""
    return group.replace("*", "\\*")


def delivered(column: str) -> str:
    """Returns the log's column of a delivered one."""
    return f"x_{column}"


def coded(coding: Coding, source: str) -> str:
    """Returns the SELECT that codes the rows of `source` (a FROM clause)."""
    parts = [*_keys(coding), *_truth(coding), *(_inputs(coding) if coding.inputs else ())]
    return f"SELECT {', '.join(parts)} FROM {source}"  # noqa: S608


def code(column: str, values: Sequence[str]) -> str:
    """Returns the expression of a text column's code: its position from 1, 0 for NULL."""
    return f"coalesce(list_position({listing(values)}, {column}), 0)::USMALLINT" if values else "0::USMALLINT"


def _keys(coding: Coding) -> Iterator[str]:
    yield f"(day - DATE {literal(coding.first_day)})::USMALLINT AS day"
    yield f"{code('version', coding.names['version'])} AS version"
    for index, attribute in enumerate(coding.contract.attributes):
        column = identifier(delivered(attribute.column))
        if attribute.edges:
            above = " + ".join(f"({column} >= {edge!r})::USMALLINT" for edge in attribute.edges)
            yield f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 + {above} END::USMALLINT AS group_{index}"
        else:
            yield f"{code(column, coding.names[delivered(attribute.column)])} AS group_{index}"
    if coding.has_pairs:
        yield "hash(day, id) AS case_hash"
    for role in ("weight", "value"):
        if role in coding.contract.columns:
            yield role
    if coding.has_subject:
        key = literal(coding.contract.name + ":")
        yield f"(md5_number_lower({key} || coalesce(subject, id)) % 256)::UTINYINT AS bucket"


def _truth(coding: Coding) -> Iterator[str]:
    contract = coding.contract
    if contract.task == "regression":
        yield "label AS truth"
        for name, number in (("label", "label"), ("decision", "score")):
            reached = f"({number} >= {contract.cutoff!r})::TINYINT" if contract.decides else "NULL"
            yield f"coalesce({reached}, {NONE})::USMALLINT AS {name}"
    elif contract.task == "multiclass":
        known = listing(coding.names["label"])
        for column in ("label", "decision"):
            yield f"coalesce(list_position({known}, {column}) - 1, {NONE})::USMALLINT AS {column}"
        for name in contract.classes:
            yield f"{identifier(f'p_{name}')} AS p_{coding.names['label'].index(name)}"
    else:
        yield f"coalesce(label, {NONE})::USMALLINT AS label"
        yield f"coalesce(decision, (score >= {contract.threshold!r})::TINYINT, {NONE})::USMALLINT AS decision"
    yield "score, (CASE WHEN delay IS NULL THEN -1 ELSE greatest(delay, 0) END)::INTEGER AS delay"


def _inputs(coding: Coding) -> Iterator[str]:
    yield "date_diff('hour', DATE '1970-01-01', time)::INTEGER AS hour"
    yield "latency_ms"
    for role in ("energy_wh", "cost"):
        if role in coding.contract.columns:
            yield role
    for column in ("endpoint", "status"):
        yield f"{code(column, coding.names[column])} AS {column}"
    for index, name in enumerate(coding.features("numeric")):
        yield f"{identifier(delivered(name))} AS number_{index}"
    for index, name in enumerate(coding.features("categorical")):
        column = delivered(name)
        yield f"{code(identifier(column), coding.names[column])} AS category_{index}"
    for index, column in enumerate(coding.contract.attributions.values()):
        yield f"{identifier(delivered(column))} AS attribution_{index}"
