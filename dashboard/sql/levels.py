"""The statements of the search for worst groups: each row's conditions as small integers, and what is wrong with it.

A factor is an attribute or a feature. Level 0 is in no condition (an unknown group); a feature's level 1 is missing;
then come its bins, or its values and, last, all others. Every name goes through `identifier` or `literal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dashboard.contract import Contract
from dashboard.sql import identifier, literal
from dashboard.sql.cases import decided
from dashboard.sql.coding import code, delivered

Kind = Literal["attribute", "feature"]
OTHER = "other"
MISSING = "missing"
WHOLE = 10_000  # shares are in so many
TESTS = {  # of a rate: which cases count, and which of them are bad
    "accuracy": ("label IS NOT NULL AND said IS NOT NULL", "label <> said"),
    "true_positive_rate": ("label = 1 AND said IS NOT NULL", "said = 0"),
    "false_negative_rate": ("label = 1 AND said IS NOT NULL", "said = 0"),
    "true_negative_rate": ("label = 0 AND said IS NOT NULL", "said = 1"),
    "false_positive_rate": ("label = 0 AND said IS NOT NULL", "said = 1"),
    "precision": ("said = 1 AND label IS NOT NULL", "label = 0"),
    "false_discovery_rate": ("said = 1 AND label IS NOT NULL", "label = 0"),
    "negative_predictive_value": ("said = 0 AND label IS NOT NULL", "label = 1"),
    "false_omission_rate": ("said = 0 AND label IS NOT NULL", "label = 1"),
    "mean_absolute_error": ("label IS NOT NULL AND score IS NOT NULL", "abs(label - score)"),
}


@dataclass(frozen=True)
class Factor:
    """An attribute or a feature cut into conditions: by `edges`, left-closed, or by its `values`.

    `whole` says that all its numbers are; `others` that values beyond those listed are a condition, too.
    """

    name: str
    column: str
    kind: Kind
    unit: str = ""
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    others: bool = False
    whole: bool = False

    @property
    def size(self) -> int:
        """How many levels it has, level 0 counted."""
        first = 1 if self.kind == "attribute" else 2
        return first + (len(self.edges) + 1 if self.edges else len(self.values) + self.others)


def level(factor: Factor) -> str:
    """Returns the expression for a row's level."""
    column = identifier(delivered(factor.column))
    first = 1 if factor.kind == "attribute" else 2
    if factor.edges:
        above = " + ".join(f"({column} >= {edge!r})::UTINYINT" for edge in factor.edges)
        empty = f"{column} IS NULL OR isnan({column})"
        return f"(CASE WHEN {empty} THEN {first - 1} ELSE {first} + {above} END)::UTINYINT"
    last = first + len(factor.values) if factor.others else 0
    place = f"{code(column, factor.values)}"
    return (
        f"(CASE WHEN {column} IS NULL THEN {first - 1} WHEN {place} > 0 THEN {first - 1} + {place} "
        f"ELSE {last} END)::UTINYINT"
    )


def _key(contract: Contract) -> str:
    """Returns the expression for whose case a row is, as the rollup's buckets of subjects take it."""
    whose = "coalesce(subject, id)" if "subject" in contract.columns else "id"
    return f"{literal(contract.name + ':')} || {whose}"


def chosen(contract: Contract, metric: str, source: str, version: str | None) -> str:
    """Returns the FROM clause of the rows that a metric counts, each with `said` and `bad`."""
    counts, bad = TESTS[metric]
    kind = "DOUBLE" if metric == "mean_absolute_error" else "UTINYINT"
    which = "NOT list_contains($shadow, version)" if version is None else "version = $version"
    said = f"(SELECT *, {decided(contract)} AS said FROM {source} WHERE {which})"  # noqa: S608
    return f"(SELECT *, ({bad})::{kind} AS bad FROM {said} WHERE {counts})"  # noqa: S608


def levels(contract: Contract, factors: Sequence[Factor], rows: str, share: int) -> str:
    """Returns the SELECT of `bad`, `day`, a level for each factor, the subject's key where there is one, and the row's.

    Rows come in any order; by their keys they can be put into one that is always the same, and follows nothing else.
    `share` in 10,000 of the subjects (else of the cases) are read.
    """
    whose = f", md5_number_lower({_key(contract)}) AS whose" if "subject" in contract.columns else ""
    parts = "".join(f", {level(factor)} AS f{k}" for k, factor in enumerate(factors))
    sampled = _sampled(f"md5_number_lower({_key(contract)})", share)
    return f"SELECT bad, day, hash(day, id, version) AS row_key{whose}{parts} FROM {rows}{sampled}"  # noqa: S608


def numbers(rows: str, columns: Sequence[str], share: int) -> str:
    """Returns the SELECT of numeric columns from a share (in 10,000) of the cases: what bins are cut from."""
    listed = ", ".join(f"{identifier(delivered(name))} AS n{k}" for k, name in enumerate(columns))
    return f"SELECT {listed} FROM {rows}{_sampled('hash(day, id)', share)}"  # noqa: S608


def texts(rows: str, columns: Sequence[str], share: int) -> str:
    """Returns the SELECT of how often each value of text columns occurs, in a share (in 10,000) of the cases."""
    counted = ", ".join(f"histogram({identifier(delivered(name))}) AS t{k}" for k, name in enumerate(columns))
    return f"SELECT {counted} FROM {rows}{_sampled('hash(day, id)', share)}"  # noqa: S608


def _sampled(number: str, share: int) -> str:
    return f" WHERE ({number} >> 32) % 10000 < {share}" if share < WHOLE else ""
