"""The parts of the statements that read single cases from the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.contract import SURE, UNKNOWN_GROUP, Attribute, Contract
from dashboard.sql import identifier, literal

OUTCOMES = ("true positive", "false positive", "false negative", "true negative", "wrong", "right", "no label yet")
_BINARY = {(1, 1): "true positive", (0, 1): "false positive", (1, 0): "false negative", (0, 0): "true negative"}


def decided(contract: Contract) -> str:
    """Returns the expression for the decision: the delivered one, else score against threshold."""
    if contract.task != "binary":
        return "decision"
    return f"coalesce(decision, (score >= {contract.threshold!r})::TINYINT)"


def outcome(contract: Contract) -> str:
    """Returns the expression for what became of a case."""
    decision = decided(contract)
    if contract.task == "binary":
        pairs = " ".join(
            f"WHEN label = {label} AND {decision} = {said} THEN {literal(name)}"
            for (label, said), name in _BINARY.items()
        )
        return f"CASE WHEN label IS NULL THEN 'no label yet' {pairs} END"
    if contract.task == "multiclass":
        return f"CASE WHEN label IS NULL THEN 'no label yet' WHEN label = {decision} THEN 'right' ELSE 'wrong' END"
    return "CASE WHEN label IS NULL THEN 'no label yet' ELSE 'labelled' END"


def delivered(attribute: Attribute) -> str:
    """Returns the log's column that an attribute is made of."""
    return identifier(f"x_{attribute.column}")


def group(attribute: Attribute) -> str:
    """Returns the expression for the group that a row belongs to."""
    column = delivered(attribute)
    if not attribute.edges:
        return f"coalesce(replace({column}, '*', '\\*'), {literal(UNKNOWN_GROUP)})"
    bands = attribute.bands()
    below = " ".join(
        f"WHEN {column} < {edge!r} THEN {literal(band)}" for edge, band in zip(attribute.edges, bands, strict=False)
    )
    return f"CASE WHEN {column} IS NULL THEN {literal(UNKNOWN_GROUP)} {below} ELSE {literal(bands[-1])} END"


def groups(contract: Contract) -> str:
    """Returns the select list of every attribute's group, with a comma after each."""
    return "".join(f"{group(attribute)} AS {identifier(attribute.name)}, " for attribute in contract.attributes)


def conditions(contract: Contract, wanted: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Returns the WHERE clause of the filters and its parameters; a filter that is None asks nothing."""
    tests = {
        "version": "version = $version",
        "id": "id = $id",
        "score_from": "score >= $score_from",
        "score_to": "score <= $score_to",
        "outcome": _outcome_test(contract, str(wanted.get("outcome"))),
    }
    asked = {name: wanted[name] for name in tests if wanted.get(name) is not None}
    parts = [tests[name] for name in asked]
    if wanted.get("attribute") and wanted.get("group") is not None:
        crossed = [group(contract.attribute(name)) for name in str(wanted["attribute"]).split("*")]
        parts.append(f"{' || chr(42) || '.join(crossed)} = $group")
        asked["group"] = wanted["group"]
    return " AND ".join(parts) or "true", asked


def _outcome_test(contract: Contract, name: str) -> str:
    if contract.task == "binary" and name in ("wrong", "right"):
        pair = ["false positive", "false negative"] if name == "wrong" else ["true positive", "true negative"]
        return f"{outcome(contract)} IN ({literal(pair[0])}, {literal(pair[1])}) AND $outcome IS NOT NULL"
    return f"{outcome(contract)} = $outcome"


def own_number(contract: Contract, feature: str) -> str:
    """Returns the expression for a number made of the model's answers, as `rollup.own` makes it; NULL of a row without.

    >>> own_number(Contract("rent", "regression"), "score")
    'score'
    """
    if contract.task == "regression":
        return "score"
    given = [identifier(f"p_{name}") for name in contract.classes]
    total = f"({' + '.join(given)})"
    ordered = f"list_reverse_sort([{', '.join(given)}])"
    parts = " + ".join(f"CASE WHEN {p} > 0 THEN {p} / {total} * ln({p} / {total}) ELSE 0 END" for p in given)
    entropy = f"least(greatest(-({parts}) / ln({max(len(given), 2)}), 0), 1)"
    made = (f"{ordered}[1]", f"{ordered}[1] - coalesce({ordered}[2], 0)", entropy)
    return f"CASE WHEN {total} > 0 THEN {dict(zip(SURE, made, strict=True))[feature]} END"
