"""The contract from TOML: its tables are read with errors that say what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from math import inf
from typing import Any, cast
from zoneinfo import ZoneInfo

from dashboard.contract import (
    CELLS,
    ROLES,
    TASKS,
    UNKNOWN_GROUP,
    Attribute,
    Contract,
    Feature,
    Kind,
    Service,
    Task,
    Value,
)
from dashboard.errors import EvenhandError, nearest

MODEL_KEYS = (
    "name",
    "task",
    "positive",
    "negative",
    "threshold",
    "tolerance",
    "cutoff",
    "purpose",
    "owner",
    "timezone",
    "time_format",
)
LARGEST_VALUE = 1e12
SECTIONS = ("model", "columns", "attributes", "fairness", "features", "attributions", "versions", "value", "service")
VERSION_KEYS = ("shadow", "digests")
STATED = ("grid_gco2_per_kwh", "grid_source", "cost_per_1000", "cost_unit")


def contract_from(tables: Mapping[str, Any], where: str) -> Contract:
    """Returns the contract of parsed TOML; raises EvenhandError naming the table and key that are wrong."""
    _known(tables, SECTIONS, where)
    model = _table(tables, "model", where, MODEL_KEYS)
    task = _task(model, where)
    columns, scores = _columns(_table(tables, "columns", where, (*ROLES, "scores")), where)
    contract = Contract(
        name=_text(model, "name", where, ""),
        task=task,
        positive=_scalar(model, "positive", where) or "",
        negative=_scalar(model, "negative", where),
        threshold=_number(model, "threshold", where, 0.5),
        purpose=_text(model, "purpose", where, ""),
        owner=_text(model, "owner", where, ""),
        timezone=_text(model, "timezone", where, "UTC"),
        columns=columns,
        scores=scores,
        attributes=tuple(_attribute(n, t, where) for n, t in _table(tables, "attributes", where).items()),
        intersections=_intersections(_table(tables, "fairness", where, ("intersections",)), where),
        features=tuple(_feature(n, t, where) for n, t in _table(tables, "features", where).items()),
        shadow=_texts(_table(tables, "versions", where, VERSION_KEYS), "shadow", where),
        digests=_digests(_table(tables, "versions", where, VERSION_KEYS), where),
        time_format=_text(model, "time_format", where, "") or None,
        value=_value(_table(tables, "value", where, ("unit", *CELLS)), where) if "value" in tables else None,
        tolerance=_number(model, "tolerance", where, 0) if "tolerance" in model else None,
        cutoff=_number(model, "cutoff", where, 0) if "cutoff" in model else None,
        service=_service(_table(tables, "service", where, STATED), where) if "service" in tables else None,
        attributions=_attributions(_table(tables, "attributions", where), where),
    )
    _check(contract, where)
    return contract


def _digests(table: Mapping[str, Any], where: str) -> dict[str, str]:
    """Returns the SHA-256 of each version's model file."""
    found = _table(table, "digests", where)
    for version, digest in found.items():
        if not isinstance(digest, str) or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            expected = "The SHA-256 of the version's model file was expected: 64 hexadecimal digits, lower case"
            raise _wrong(f"{where}, [versions.digests]", version, f"found {digest!r}", expected)
    return dict(found)


def _wrong(where: str, key: str, found: str, expected: str = "", todo: str = "") -> EvenhandError:
    return EvenhandError(f"{where}, {key}: {found}", expected, todo)


def _known(table: Mapping[str, Any], known: Collection[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise EvenhandError(f"{where}: '{key}' is not a key of the contract here", todo=nearest(key, known))


def _table(tables: Mapping[str, Any], key: str, where: str, known: Collection[str] = ()) -> Mapping[str, Any]:
    table = tables.get(key, {})
    if not isinstance(table, Mapping):
        raise _wrong(where, key, f"found {table!r}", f"A table was expected: [{key}]")
    if known:
        _known(table, known, f"{where}, [{key}]")
    return table


def _text(table: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise _wrong(where, key, f"found {value!r}", "A text in quotes was expected")
    return value


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = table.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _wrong(where, key, f"found {values!r}", 'A list of texts was expected, such as ["a", "b"]')
    return tuple(values)


def _scalar(table: Mapping[str, Any], key: str, where: str) -> str | None:
    """Returns a label's value as text; `1` and `true` may be written without quotes."""
    value = table.get(key)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return f"{value:.15g}"
    raise _wrong(where, key, f"found {value!r}", "One value was expected")


def _number(table: Mapping[str, Any], key: str, where: str, default: float) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise _wrong(where, key, f"found {value!r}", "A number was expected")
    return float(value)


def _task(model: Mapping[str, Any], where: str) -> Task:
    task = model.get("task")
    if task not in TASKS:
        found = "it is missing" if task is None else f"found {task!r}"
        raise _wrong(where, "[model] task", found, f"One of {', '.join(TASKS)} was expected")
    return cast(Task, task)


def _columns(table: Mapping[str, Any], where: str) -> tuple[dict[str, str], dict[str, str]]:
    scores = _table(table, "scores", f"{where}, [columns]")
    columns = {role: _text(table, role, f"{where}, [columns]") for role in ROLES if role in table}
    return columns, {name: _text(scores, name, f"{where}, [columns.scores]") for name in scores}


def _attribute(name: str, table: Any, where: str) -> Attribute:
    here = f"{where}, [attributes.{name}]"
    if not isinstance(table, Mapping):
        raise EvenhandError(f"{here}: found {table!r}", 'A table was expected, with column = "..."')
    _known(table, ("column", "reference", "edges"), here)
    edges = table.get("edges", [])
    if not isinstance(edges, list) or any(isinstance(e, bool) or not isinstance(e, int | float) for e in edges):
        raise _wrong(here, "edges", f"found {edges!r}", "A list of numbers was expected, such as [18, 40, 65]")
    if any(not low < high for low, high in pairwise(edges)):
        raise _wrong(here, "edges", f"{edges} do not rise", "Each edge must be larger than the one before")
    attribute = Attribute(
        name, _text(table, "column", here, name), _scalar(table, "reference", here), tuple(float(e) for e in edges)
    )
    known = (*attribute.bands(), UNKNOWN_GROUP)
    if attribute.reference is not None and edges and attribute.reference not in known:
        raise _wrong(
            here, "reference", f"'{attribute.reference}' is not a band", todo=nearest(attribute.reference, known)
        )
    return attribute


def _feature(name: str, table: Any, where: str) -> Feature:
    here = f"{where}, [features.{name}]"
    if not isinstance(table, Mapping):
        raise EvenhandError(f"{here}: found {table!r}", 'A table was expected, with kind = "numeric"')
    _known(table, ("kind", "unit", "min", "max"), here)
    kind = table.get("kind")
    if kind not in ("numeric", "categorical"):
        raise _wrong(here, "kind", f"found {kind!r}", "'numeric' or 'categorical' was expected")
    low, high = (_number(table, key, here, 0) if key in table else None for key in ("min", "max"))
    if low is not None and high is not None and low > high:
        raise _wrong(here, "min", f"{low:g} is more than max = {high:g}")
    if kind == "categorical" and (low is not None or high is not None):
        raise _wrong(here, "min", "a categorical feature has no range", todo="Remove min and max")
    return Feature(name, cast(Kind, kind), _text(table, "unit", here, ""), low, high)


def _attributions(table: Mapping[str, Any], where: str) -> dict[str, str]:
    return {name: _text(table, name, f"{where}, [attributions]") for name in table}


def _intersections(table: Mapping[str, Any], where: str) -> tuple[tuple[str, ...], ...]:
    rows = table.get("intersections", [])
    if not isinstance(rows, list) or not all(map(_names_two, rows)):
        raise _wrong(where, "intersections", f"found {rows!r}", 'Lists of attributes were expected: [["sex", "age"]]')
    return tuple(tuple(row) for row in rows)


def _names_two(row: Any) -> bool:
    return isinstance(row, list) and all(isinstance(name, str) for name in row) and len(set(row)) > 1


def _value(table: Mapping[str, Any], where: str) -> Value:
    here = f"{where}, [value]"
    given = [name for name in CELLS if name in table]
    if given and len(given) < len(CELLS):
        absent = ", ".join(name for name in CELLS if name not in table)
        raise _wrong(here, absent, "missing", "A value matrix has tp, fp, fn and tn", "Write 0 for what costs nothing")
    for name in given:
        if abs(_number(table, name, here, 0)) > LARGEST_VALUE:
            raise _wrong(here, name, f"found {table[name]:g}", f"At most {LARGEST_VALUE:g} was expected, or minus that")
    return Value(_text(table, "unit", here, ""), *(_number(table, name, here, 0) if given else None for name in CELLS))


def _service(table: Mapping[str, Any], where: str) -> Service:
    here = f"{where}, [service]"
    given = {name: _number(table, name, here, 0) for name in ("grid_gco2_per_kwh", "cost_per_1000") if name in table}
    for name, found in given.items():
        if not 0 <= found <= LARGEST_VALUE:
            raise _wrong(here, name, f"found {found:g}", f"0 to {LARGEST_VALUE:g} was expected")
    texts = {name: _text(table, name, here, "") for name in ("grid_source", "cost_unit")}
    if "grid_gco2_per_kwh" in given and not texts["grid_source"]:
        raise _wrong(here, "grid_source", "missing", "Where the intensity is from, and of when", "Write it as a text")
    return Service(given.get("grid_gco2_per_kwh"), texts["grid_source"], given.get("cost_per_1000"), texts["cost_unit"])


def _check(contract: Contract, where: str) -> None:
    """Does refuse a contract whose parts contradict each other."""
    _check_needed(contract, where)
    names = contract.attribute_names
    for name in (name for group in contract.intersections for name in group):
        if name not in names:
            raise _wrong(where, "intersections", f"'{name}' is not an attribute", todo=nearest(name, names))
    categorical = {feature.name for feature in contract.features if feature.kind == "categorical"}
    for attribute in contract.attributes:
        if attribute.edges and attribute.column in categorical:
            raise _wrong(
                where,
                f"[attributes.{attribute.name}]",
                f"it has edges, but the feature '{attribute.column}' is categorical",
                todo="Make the feature numeric or remove the edges",
            )
    _check_attributions(contract, where)
    try:
        ZoneInfo(contract.timezone)
    except Exception as error:
        expected = "A name such as 'Europe/Berlin' or 'UTC' was expected"
        raise _wrong(where, "timezone", f"'{contract.timezone}' is not a time zone", expected) from error


def _check_attributions(contract: Contract, where: str) -> None:
    """Does refuse an attribution of what is no input, and a column that is something else already."""
    here, inputs = f"{where}, [attributions]", [feature.name for feature in contract.features]
    taken = {column.casefold(): role for role, column in contract.columns.items()}
    taken |= {column.casefold(): f"the score of {name}" for name, column in contract.scores.items()}
    taken |= {attribute.column.casefold(): f"the attribute {attribute.name}" for attribute in contract.attributes}
    taken |= {name.casefold(): f"the feature {name}" for name in inputs}
    for feature, column in contract.attributions.items():
        if feature not in inputs:
            raise _wrong(here, feature, "it is not a feature", "A name under [features]", nearest(feature, inputs))
        if column.casefold() in taken:
            found = f"the column '{column}' is {taken[column.casefold()]} already"
            raise _wrong(here, feature, found, "A column of its own, such as shap_lactate")
        taken[column.casefold()] = f"the attribution of {feature}"


def _check_needed(contract: Contract, where: str) -> None:
    columns = contract.columns
    if "time" not in columns:
        raise _wrong(where, "[columns]", "time is missing", todo='Say which column says when: time = "predicted_at"')
    if contract.task == "regression" and "score" not in columns:
        raise _wrong(where, "[columns]", "score is missing", "For regression it is the predicted value")
    if not ({"score", "decision"} & set(columns) or contract.scores):
        raise _wrong(where, "[columns]", "neither score nor decision is named", "At least one of the two is needed")
    if contract.scores and contract.task != "multiclass":
        raise _wrong(where, "[columns.scores]", f"only for multiclass; this model is {contract.task}")
    if contract.value and contract.value.cells and contract.task != "binary":
        raise _wrong(where, "[value]", f"tp, fp, fn and tn are of binary models; this one is {contract.task}")
    off = contract.tolerance
    if off is not None and (contract.task != "regression" or not 0 < off < inf):
        found = f"found {off:g}; this model is {contract.task}"
        raise _wrong(where, "[model] tolerance", found, "A number above 0, in the label's unit, for regression only")
    cut = contract.cutoff
    if cut is not None and (contract.task != "regression" or not -inf < cut < inf):
        found = f"found {cut:g}; this model is {contract.task}"
        todo = "Of a binary model it is the threshold" if contract.task == "binary" else ""
        raise _wrong(where, "[model] cutoff", found, "A number in the label's unit, for regression only", todo)
    if contract.task != "binary":
        return
    if not contract.positive:
        raise _wrong(where, "[model]", "positive is missing", todo='Say which label is positive: positive = "1"')
    if contract.negative == contract.positive:
        raise _wrong(where, "[model]", "negative and positive are the same")
    if not 0 <= contract.threshold <= 1:
        raise _wrong(where, "[model] threshold", f"found {contract.threshold:g}", "A number in [0, 1] was expected")
