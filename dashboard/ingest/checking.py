"""What a delivered row becomes, and why it may be rejected: the SELECT that checks and casts in one pass.

The reasons are the contract's: no time, a score outside [0, 1], NaN, infinite, a role that cannot be read.
A feature that cannot be read is null and counted; only roles reject a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dashboard.contract import ROLES, Contract
from dashboard.errors import EvenhandError, nearest
from dashboard.ingest import casting
from dashboard.ingest.sources import LINE, Source
from dashboard.sql import identifier, listing, literal

TYPES: Mapping[str, str] = {
    "id": "VARCHAR",
    "time": "TIMESTAMP",
    "version": "VARCHAR",
    "score": "DOUBLE",
    "decision": "TINYINT",
    "label": "TINYINT",
    "labeled_at": "TIMESTAMP",
    "latency_ms": "DOUBLE",
    "status": "VARCHAR",
    "endpoint": "VARCHAR",
    "energy_wh": "DOUBLE",
    "cost": "DOUBLE",
    "value": "DOUBLE",
    "subject": "VARCHAR",
    "weight": "DOUBLE",
}
AMOUNTS = ("latency_ms", "energy_wh", "cost", "value", "weight")
UNVERSIONED = "unversioned"
SANE = "BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '2200-01-01'"


def role_types(contract: Contract) -> dict[str, str]:
    """Returns the type that each role has in the log under this task."""
    named = {"binary": "TINYINT", "multiclass": "VARCHAR", "regression": "DOUBLE"}[contract.task]
    return {**TYPES, "decision": named, "label": named}


@dataclass
class Cast:
    """What is being built: casts by name, reasons to reject with their conditions, and features that lose values."""

    values: dict[str, str] = field(default_factory=dict)
    reasons: list[tuple[str, str]] = field(default_factory=list)
    losses: dict[str, str] = field(default_factory=dict)

    def reject(self, condition: str, reason: str) -> None:
        self.reasons.append((condition, reason))


COME_LATER = ("label", "labeled_at")  # usually in files of their own: nothing is missing without them


@dataclass(frozen=True)
class Columns:
    """How a source's columns meet the contract: role to column, class to column, kept column to column."""

    roles: Mapping[str, str]
    scores: Mapping[str, str]
    kept: Mapping[str, str | None]


def meet(source: Source, contract: Contract, first: bool) -> tuple[Columns, list[str]]:
    """Returns how the source's columns meet the contract, and notes on what is missing.

    Raises EvenhandError where time, id or score and decision are named but not there; for a protected attribute
    only in the first batch of a log, since later ones may lack it.
    """
    there = {name.casefold(): name for name in source.columns}
    roles = {role: there[c.casefold()] for role, c in contract.columns.items() if c.casefold() in there}
    scores = {k: there[c.casefold()] for k, c in contract.scores.items() if c.casefold() in there}
    _check_needed(source, contract, roles, scores)
    kept: dict[str, str | None] = {name: there.get(name.casefold()) for name in contract.named_columns}
    used = {c.casefold() for c in (*roles.values(), *scores.values(), *kept)}
    kept |= {name: name for name in source.columns if name.casefold() not in used}
    notes = []
    for meaning, column in _named(contract):
        if column.casefold() not in there:
            if first and meaning.startswith("attribute"):
                raise _not_there(source, column, meaning)
            notes.append(f"no column '{column}' ({meaning}): null. {nearest(column, source.columns)}".strip())
    return Columns(roles, scores, kept), notes


def _named(contract: Contract) -> Iterable[tuple[str, str]]:
    yield from ((role, column) for role, column in contract.columns.items() if role not in COME_LATER)
    yield from ((f"attribute {a.name}", a.column) for a in contract.attributes)
    yield from (("feature", feature.name) for feature in contract.features)
    yield from ((f"attribution of {feature}", column) for feature, column in contract.attributions.items())


def _check_needed(source: Source, contract: Contract, roles: Mapping[str, str], scores: Mapping[str, str]) -> None:
    for role in ("time", "id"):
        if role in contract.columns and role not in roles:
            raise _not_there(source, contract.columns[role], role)
    if contract.scores and len(scores) < len(contract.scores):
        raise _not_there(source, next(c for k, c in contract.scores.items() if k not in scores), "score")
    if not scores and "score" not in roles and "decision" not in roles:
        role = "score" if "score" in contract.columns else "decision"
        raise _not_there(source, contract.columns[role], role)


def _not_there(source: Source, column: str, meaning: str) -> EvenhandError:
    return EvenhandError(
        f"The contract names the column '{column}' for {meaning}, but {source.name} has none of that name",
        nearest(column, source.columns),
        "Correct contract.toml, or the file",
    )


def predictions(source: Source, contract: Contract, columns: Columns) -> str:
    """Returns the SELECT of a prediction file: day, the log's columns, reason, row and lost, in the file's order."""
    cast = Cast()
    _instants(cast, source, contract, columns)
    for role in ("id", "version", "status", "endpoint", "subject"):
        cast.values[role] = _of(columns.roles, role, source, casting.text)
    _scores(cast, source, contract, columns)
    for role in ("decision", "label"):
        answer(cast, role, source, contract, columns.roles)
    for role in AMOUNTS:
        _amount(cast, role, source, columns.roles)
    _decided(cast, columns)
    for name, column in columns.kept.items():
        _keep(cast, name, column, source, contract)
    return _select(cast, source, columns)


def _of(roles: Mapping[str, str], role: str, source: Source, how: object) -> str:
    column = roles.get(role)
    if column is None:
        return f"CAST(NULL AS {TYPES[role]})"
    assert callable(how)
    return str(how(column, source.kind(column)))


def _delivered(source: Source, column: str) -> str:
    return f"{casting.raw_text(column, source.kind(column))} IS NOT NULL"


def made(name: str) -> str:
    """Returns the name under which a cast value stands beside the delivered columns."""
    return identifier(f"as:{name}")


def _instants(cast: Cast, source: Source, contract: Contract, columns: Columns) -> None:
    time = columns.roles["time"]
    cast.values["time"] = casting.instant(time, source.kind(time), contract)
    cast.reject(f"{made('time')} IS NULL AND NOT ({_delivered(source, time)})", "no time")
    cast.reject(f"{made('time')} IS NULL", "time not understood")
    cast.reject(f"NOT {made('time')} {SANE}", "time outside 1900 to 2200")
    labelled_at(cast, source, contract, columns.roles)


def labelled_at(cast: Cast, source: Source, contract: Contract, roles: Mapping[str, str]) -> None:
    """Does add the instant at which the label became known."""
    column = roles.get("labeled_at")
    if column is None:
        cast.values["labeled_at"] = "CAST(NULL AS TIMESTAMP)"
        return
    cast.values["labeled_at"] = casting.instant(column, source.kind(column), contract)
    unread = f"{made('labeled_at')} IS NULL AND {_delivered(source, column)}"
    cast.reject(f"({unread}) OR NOT coalesce({made('labeled_at')} {SANE}, true)", "labeled_at not understood")


def _scores(cast: Cast, source: Source, contract: Contract, columns: Columns) -> None:
    bounded = contract.task != "regression"
    for name, column in columns.scores.items():
        _score(cast, f"p_{name}", f"probability of {name}", source, column, bounded)
    if not columns.scores and "score" in columns.roles:
        _score(cast, "score", "score", source, columns.roles["score"], bounded)
    elif not columns.scores:
        cast.values["score"] = "CAST(NULL AS DOUBLE)"


def _score(cast: Cast, name: str, called: str, source: Source, column: str, bounded: bool) -> None:
    value = made(name)
    cast.values[name] = casting.number(column, source.kind(column))
    cast.reject(f"{value} IS NULL AND {_delivered(source, column)}", f"{called} is not a number")
    cast.reject(f"isnan({value})", f"{called} is NaN")
    cast.reject(f"isinf({value})", f"{called} is infinite")
    if bounded:
        cast.reject(f"{value} < 0 OR {value} > 1", f"{called} outside [0, 1]")


def answer(cast: Cast, role: str, source: Source, contract: Contract, roles: Mapping[str, str]) -> None:
    """Does add a label or decision in the task's own terms, with the reason for one that cannot be read."""
    column = roles.get(role)
    if column is None or (role == "decision" and contract.task == "regression"):
        cast.values[role] = f"CAST(NULL AS {role_types(contract)[role]})"
        return
    kind = source.kind(column)
    if contract.task == "regression":
        cast.values[role] = casting.finite(column, kind)
    else:
        how = casting.binary if contract.task == "binary" else casting.named_class
        cast.values[role] = how(column, kind, contract)
    cast.reject(f"{made(role)} IS NULL AND {_delivered(source, column)}", f"{role} not understood")


def _amount(cast: Cast, role: str, source: Source, roles: Mapping[str, str]) -> None:
    column = roles.get(role)
    if column is None:
        cast.values[role] = "CAST(NULL AS DOUBLE)"
        return
    value = casting.number(column, source.kind(column))
    cast.values[role] = f"CASE WHEN NOT isnan({value}) THEN {value} END"
    nan = f"lower({casting.raw_text(column, source.kind(column))}) IN ('nan', '-nan')"
    unread = f"{made(role)} IS NULL AND {_delivered(source, column)} AND NOT {nan}"
    cast.reject(unread, f"{role} is not a number")
    cast.reject(f"isinf({made(role)})", f"{role} is infinite")
    if role != "value":
        cast.reject(f"{made(role)} < 0", f"{role} is negative")


def _decided(cast: Cast, columns: Columns) -> None:
    """Does reject a row that says nothing, unless its status is an error: a failed request has no score."""
    scores = [made(f"p_{name}") for name in columns.scores] or [made("score")]
    nothing = " AND ".join(f"{value} IS NULL" for value in (*scores, made("decision")))
    cast.reject(f"{nothing} AND coalesce(lower({made('status')}), 'ok') = 'ok'", "no score and no decision")


def _keep(cast: Cast, name: str, column: str | None, source: Source, contract: Contract) -> None:
    numeric = name in contract.numeric
    kept = f"x_{name}"
    if column is None:
        cast.values[kept] = f"CAST(NULL AS {'DOUBLE' if numeric else 'VARCHAR'})"
        return
    kind = source.kind(column)
    cast.values[kept] = casting.finite(column, kind) if numeric else casting.text(column, kind)
    if numeric and kind not in ("BIGINT", "INTEGER"):
        nan = f"lower({identifier(column)}) <> 'nan'" if not source.typed else "true"
        cast.losses[name] = f"{made(kept)} IS NULL AND {_delivered(source, column)} AND {nan}"


def _select(cast: Cast, source: Source, columns: Columns) -> str:
    finals = {role: made(role) for role in ROLES}
    finals["version"] = f"coalesce({made('version')}, {literal(UNVERSIONED)})"
    if columns.scores:
        finals |= _argmax(list(columns.scores))
    finals |= {name: made(name) for name in cast.values if name not in finals}
    listed = ", ".join(f"{expression} AS {identifier(name)}" for name, expression in finals.items())
    return checked(cast, source, f"CAST({made('time')} AS DATE) AS day, {listed}")


def _argmax(names: list[str]) -> dict[str, str]:
    """Returns decision and score of a multiclass row: the likeliest class (the first of equals), its probability."""
    best = f"greatest({', '.join(made(f'p_{name}') for name in names)})"
    likeliest = " ".join(f"WHEN {made(f'p_{name}')} = {best} THEN {literal(name)}" for name in names)
    decision = f"coalesce({made('decision')}, CASE {likeliest} END)"
    score = " ".join(f"WHEN {literal(name)} THEN {made(f'p_{name}')}" for name in names)
    return {"decision": decision, "score": f"CASE {decision} {score} END"}


def checked(cast: Cast, source: Source, finals: str) -> str:
    """Returns the SELECT of `finals` with reason, row (as delivered, where rejected) and lost."""
    if source.form == "jsonl":
        broken = f"NOT json_valid({identifier(LINE)}) OR json_type({identifier(LINE)}) <> 'OBJECT'"
        cast.reasons.insert(0, (broken, "not a JSON object"))
    reason = " ".join(f"WHEN {condition} THEN {literal(text)}" for condition, text in cast.reasons)
    lost = _lost(cast.losses)
    inner = ", ".join(f"{expression} AS {made(name)}" for name, expression in cast.values.items())
    return (
        f'SELECT {finals}, reason, CASE WHEN reason IS NOT NULL THEN {row_as_delivered(source)} END AS "row", '
        f"{lost} AS lost FROM (SELECT *, CASE {reason} END AS reason FROM (SELECT *, {inner} FROM {source.relation}))"
    )


def _lost(losses: Mapping[str, str]) -> str:
    if not losses:
        return "CAST(NULL AS VARCHAR[])"
    any_lost = " OR ".join(f"({condition})" for condition in losses.values())
    each = ", ".join(f"CASE WHEN {condition} THEN {literal(name)} END" for name, condition in losses.items())
    return f"CASE WHEN {any_lost} THEN list_filter([{each}], lambda name: name IS NOT NULL) END"


def row_as_delivered(source: Source) -> str:
    """Returns the JSON of a row under its delivered names; for JSON lines the line itself."""
    if source.form == "jsonl":
        return identifier(LINE)
    parts = ", ".join(f"{identifier(name)} := {_json_value(name, source)}" for name in source.columns)
    return f"CAST(to_json(struct_pack({parts})) AS VARCHAR)"


def _json_value(name: str, source: Source) -> str:
    """Returns the column; NaN and infinity, which JSON does not have, as text."""
    value = identifier(name)
    if source.kind(name) in casting.FLOATS:
        return f"CASE WHEN isfinite({value}) THEN to_json({value}) ELSE to_json(CAST({value} AS VARCHAR)) END"
    return value


__all__ = ["Cast", "Columns", "answer", "checked", "labelled_at", "listing", "made", "meet", "predictions"]
