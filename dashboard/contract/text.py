"""The contract as TOML: reading tables with errors that say what is wrong, and writing them with comments."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import Any, cast
from zoneinfo import ZoneInfo

from dashboard.contract import ROLES, TASKS, UNKNOWN_GROUP, Attribute, Contract, Feature, Kind, Task
from dashboard.errors import EvenhandError, nearest

MODEL_KEYS = (
    "name",
    "task",
    "positive",
    "negative",
    "threshold",
    "purpose",
    "owner",
    "timezone",
    "time_format",
)
SECTIONS = ("model", "columns", "attributes", "fairness", "features", "versions")


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
        shadow=_texts(_table(tables, "versions", where, ("shadow",)), "shadow", where),
        time_format=_text(model, "time_format", where, "") or None,
    )
    _check(contract, where)
    return contract


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


def _intersections(table: Mapping[str, Any], where: str) -> tuple[tuple[str, ...], ...]:
    rows = table.get("intersections", [])
    if not isinstance(rows, list) or not all(map(_names_two, rows)):
        raise _wrong(where, "intersections", f"found {rows!r}", 'Lists of attributes were expected: [["sex", "age"]]')
    return tuple(tuple(row) for row in rows)


def _names_two(row: Any) -> bool:
    return isinstance(row, list) and all(isinstance(name, str) for name in row) and len(set(row)) > 1


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
    try:
        ZoneInfo(contract.timezone)
    except Exception as error:
        expected = "A name such as 'Europe/Berlin' or 'UTC' was expected"
        raise _wrong(where, "timezone", f"'{contract.timezone}' is not a time zone", expected) from error


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
    if contract.task != "binary":
        return
    if not contract.positive:
        raise _wrong(where, "[model]", "positive is missing", todo='Say which label is positive: positive = "1"')
    if contract.negative == contract.positive:
        raise _wrong(where, "[model]", "negative and positive are the same")
    if not 0 <= contract.threshold <= 1:
        raise _wrong(where, "[model] threshold", f"found {contract.threshold:g}", "A number in [0, 1] was expected")


ABOUT_ROLES = {
    "id": "joins labels that come later; made from batch and row where absent",
    "time": "when it was predicted",
    "version": 'the model\'s version; else "unversioned"',
    "score": "binary: the probability of positive; regression: the predicted value",
    "decision": "what the model said",
    "label": "the truth; may be absent and delivered later",
    "labeled_at": "when the label became known",
    "latency_ms": "how long the prediction took, in milliseconds",
    "status": '"ok" or an error code',
    "endpoint": "what was called",
    "energy_wh": "watt-hours per prediction",
    "value": "a business figure per prediction",
    "subject": "one person's cases are not independent",
    "weight": "for sampled logs",
}


def contract_to(contract: Contract) -> str:
    """Returns the contract as commented TOML."""
    parts = [_model_lines(contract), _column_lines(contract)]
    parts += [_attribute_lines(attribute) for attribute in contract.attributes]
    if contract.intersections:
        rows = ", ".join(_list(row) for row in contract.intersections)
        parts.append(["[fairness]", f"intersections = [{rows}]"])
    if contract.shadow:
        parts.append(["[versions]", f"shadow = {_list(contract.shadow)}      # score cases beside the one in service"])
    parts += [_feature_lines(feature) for feature in contract.features]
    head = "# What the delivered columns mean. A changed contract recounts the rollup.\n"
    return head + "\n".join("\n".join(lines) + "\n" for lines in parts)


def _model_lines(contract: Contract) -> list[str]:
    lines = ["[model]", f"name = {_quote(contract.name)}", f"task = {_quote(contract.task)}"]
    if contract.positive:
        lines.append(f"positive = {_quote(contract.positive)}      # the label or decision that counts as positive")
    if contract.negative is not None:
        lines.append(f"negative = {_quote(contract.negative)}      # any third value is rejected")
    if contract.task == "binary" or contract.threshold != 0.5:
        lines.append(f"threshold = {_figure(contract.threshold)}      # where a row has a score and no decision")
    lines += [f"purpose = {_quote(contract.purpose)}", f"owner = {_quote(contract.owner)}"]
    lines.append(f"timezone = {_quote(contract.timezone)}      # of times that carry none")
    if contract.time_format:
        lines.append(f"time_format = {_quote(contract.time_format)}")
    return lines


def _column_lines(contract: Contract) -> list[str]:
    lines = ["[columns]      # role = column in the delivered file"]
    named = [role for role in ROLES if role in contract.columns]
    lines += [f"{role} = {_quote(contract.columns[role])}      # {ABOUT_ROLES[role]}" for role in named]
    if contract.scores:
        lines.append("[columns.scores]      # class = column of its probability")
        lines += [f"{_key(name)} = {_quote(column)}" for name, column in contract.scores.items()]
    return lines


def _attribute_lines(attribute: Attribute) -> list[str]:
    lines = [f"[attributes.{_key(attribute.name)}]", f"column = {_quote(attribute.column)}"]
    if attribute.reference is not None:
        lines.append(f"reference = {_quote(attribute.reference)}")
    if attribute.edges:
        edges = ", ".join(map(_figure, attribute.edges))
        lines.append(f"edges = [{edges}]      # left-closed: {', '.join(attribute.bands())}")
    return lines


def _feature_lines(feature: Feature) -> list[str]:
    lines = [f"[features.{_key(feature.name)}]", f"kind = {_quote(feature.kind)}"]
    lines += [f"unit = {_quote(feature.unit)}"] if feature.unit else []
    lines += [f"min = {_figure(feature.minimum)}"] if feature.minimum is not None else []
    lines += [f"max = {_figure(feature.maximum)}"] if feature.maximum is not None else []
    return lines


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _quote(text)


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quote, texts))}]"


def _figure(number: float) -> str:
    """Returns a TOML number that reads back as exactly this one."""
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))
