"""The contract as commented TOML, which reads back as the same contract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from dashboard.contract import ROLES, Attribute, Contract, Feature, Service, Value

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
    "cost": "what the prediction cost, in cost_unit of [service]",
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
    if contract.digests:
        lines = [f"{_quote(version)} = {_quote(digest)}" for version, digest in contract.digests.items()]
        parts.append(["[versions.digests]      # the SHA-256 of each version's model file", *lines])
    if contract.value:
        parts.append(_value_lines(contract.value))
    if contract.service:
        parts.append(_service_lines(contract.service))
    parts += [_feature_lines(feature) for feature in contract.features]
    if contract.attributions:
        head = "[attributions]      # input = column of what it added to the answer (a SHAP value)"
        parts.append([head, *(f"{_key(name)} = {_quote(column)}" for name, column in contract.attributions.items())])
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
    if contract.task == "regression":
        known = "# tolerance = 5" if contract.tolerance is None else f"tolerance = {_figure(contract.tolerance)}"
        lines.append(f"{known}      # how far off it may be without harm, in the label's unit")
        known = "# cutoff = 30" if contract.cutoff is None else f"cutoff = {_figure(contract.cutoff)}"
        lines.append(f"{known}      # from which value on a case is selected, by the decision that follows the number")
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


def _value_lines(value: Value) -> list[str]:
    lines = ["[value]      # what a case is worth, by what became of it; a cost is negative"]
    lines += [f"unit = {_quote(value.unit)}"] if value.unit else []
    return lines + [f"{name} = {_figure(worth)}" for name, worth in value.cells.items()]


def _service_lines(service: Service) -> list[str]:
    lines = ["[service]      # what is stated of running it"]
    if service.grid_gco2_per_kwh is not None:
        lines.append(f"grid_gco2_per_kwh = {_figure(service.grid_gco2_per_kwh)}")
    lines += [f"grid_source = {_quote(service.grid_source)}"] if service.grid_source else []
    lines += [f"cost_per_1000 = {_figure(service.cost_per_1000)}"] if service.cost_per_1000 is not None else []
    return lines + ([f"cost_unit = {_quote(service.cost_unit)}"] if service.cost_unit else [])


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _quote(text)


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quote, texts))}]"


def _figure(number: float) -> str:
    """Returns a TOML number that reads back as exactly this one."""
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))
