"""policy.toml, read: every key known, every name checked, every mistake said with what was probably meant."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dashboard.contract import AT_A_CUTOFF, Contract
from dashboard.errors import EvenhandError, nearest
from dashboard.metrics import OF_A_CLASS, Metric, metric
from dashboard.policy.promises import KEPT, SLO, promise_rule
from dashboard.policy.rules import MINIMUM_N, Policy, Range, Rule
from dashboard.policy.windows import DRIFT_EVERY, EVERY, Window, WindowPlan, refuse_overlap

TOP = ("version", "minimum_n", "windows", "rule", "slo")
WINDOWS = ("reference", "every", "drift", "current")
RULE = ("metric", "attribute", "class", "feature", "version", "versus", "min", "max", "between", "then")
ACTIONS = ("watch", "alert", "review", "retrain")
MANY = "multiclass"
PARTS = ("endpoint", "status")  # answers are judged by them
DOMAINS: Mapping[str, Range] = {"share": (0, 1), "score": (0, 1), "points": (-1, 1), "distance": (0, 1)}
NOT_NEGATIVE = frozenset(
    {"ratio", "ms", "psi", "statistic", "deviations", "count", "per hour", "nats", "Wh", "g", "money"}
)


def read(path: str | Path, contract: Contract | None = None) -> Policy:
    """Returns the policy in a file; with a contract, the attributes and features it names are checked too."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise EvenhandError(
            f"Could not read the policy {path}: {error.strerror}", todo="`evenhand init` proposes one"
        ) from error
    except UnicodeDecodeError as error:
        raise EvenhandError(f"{path} is not UTF-8 text", todo="Save it as UTF-8") from error
    return parse(text, str(path), contract)


def parse(text: str, where: str, contract: Contract | None = None) -> Policy:
    """Returns the policy that TOML text describes; `where` names the text in errors.

    Raises EvenhandError for what is not TOML, unknown keys, metrics, attributes or features (naming the nearest
    known), ranges a metric cannot take, and windows that share a day.

    >>> parse('version = "1"\\n[[rule]]\\nmetric = "accuracy"\\nmin = 0.8', "here").rules[0].kind
    'performance'
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EvenhandError(f"{where} is not valid TOML: {error}", todo="Correct that line") from error
    _known(tables, TOP, where)
    rules, promises = tables.get("rule", []), tables.get("slo", [])
    if not isinstance(rules, list) or not isinstance(promises, list) or not [*rules, *promises]:
        raise EvenhandError(f"{where} has no rule", "A policy has one [[rule]] or more", "Add what must hold")
    read_rules = tuple(_rule(table, f"{where}, rule {place}", contract) for place, table in enumerate(rules, 1))
    read_rules += tuple(_promise(table, f"{where}, slo {place}", contract) for place, table in enumerate(promises, 1))
    _refuse_twice(read_rules, where)
    return Policy(
        _version(tables, where), read_rules, _minimum_n(tables, where), _windows(tables.get("windows", {}), where)
    )


def _known(table: Any, known: Collection[str], where: str) -> None:
    if not isinstance(table, Mapping):
        raise EvenhandError(f"{where} is {table!r}", f"A table with {', '.join(known)} is expected")
    for key in table:
        if key not in known:
            raise EvenhandError(f"{where}: '{key}' is not a key of a policy here", todo=nearest(key, known))


def _version(tables: Mapping[str, Any], where: str) -> str:
    version = tables.get("version")
    if isinstance(version, str) and version.strip():
        return version.strip()
    found = "has no version" if version is None else f"has the version {version!r}"
    raise EvenhandError(f"{where} {found}", "It is recorded with every finding", 'Write version = "2026-01" on top')


def _minimum_n(tables: Mapping[str, Any], where: str) -> int:
    found = tables.get("minimum_n", MINIMUM_N)
    if isinstance(found, int) and not isinstance(found, bool) and found >= 1:
        return found
    raise EvenhandError(f"{where}: minimum_n is {found!r}", "A whole number of cases, 1 or more, is expected")


def _windows(table: Any, where: str) -> WindowPlan:
    here = f"{where}, [windows]"
    _known(table, WINDOWS, here)
    reference, current = (_window(table.get(key), f"{here}, {key}") for key in ("reference", "current"))
    if reference and current:
        refuse_overlap(current, reference)
    every, drift = (
        _days(table.get("every"), EVERY, f"{here}, every"),
        _days(table.get("drift"), DRIFT_EVERY, f"{here}, drift"),
    )
    return WindowPlan(reference, every, drift, current)


def _window(table: Any, where: str) -> Window | None:
    if table is None:
        return None
    _known(table, ("since", "until"), where)
    return Window(_date(table.get("since"), f"{where}, since"), _date(table.get("until"), f"{where}, until"))


def _date(found: Any, where: str) -> date:
    if isinstance(found, date) and not isinstance(found, datetime):
        return found
    try:
        return date.fromisoformat(found)
    except (TypeError, ValueError) as error:
        raise EvenhandError(f"{where} is {found!r}", 'A day such as "2026-01-31" is expected') from error


def _days(found: Any, default: int, where: str) -> int:
    if found is None:
        return default
    match = re.fullmatch(r"([1-9]\d{0,2})([dw])", found) if isinstance(found, str) else None
    if match is None:
        raise EvenhandError(f"{where} is {found!r}", 'A length such as "28d" or "4w" is expected')
    return int(match[1]) * (7 if match[2] == "w" else 1)


def _rule(table: Any, where: str, contract: Contract | None) -> Rule:
    _known(table, RULE, where)
    try:
        judged = metric(_text(table, "metric", where) or "")
    except EvenhandError as error:
        raise EvenhandError(f"{where}: {error.found}", todo=error.todo) from error
    if judged.name == KEPT:
        raise EvenhandError(f"{where}: a promise is not a rule", todo="Write [[slo]] with name, metric and target")
    names = ("attribute", "feature", "version", "versus", "class")
    attribute, feature, version, versus, of_class = (_text(table, key, where) for key in names)
    _check_class(judged, of_class, where, contract)
    _check_attribute(judged, attribute, where, contract)
    _check_feature(judged, feature, where, contract)
    _check_versions(judged, version, versus, where)
    allowed, then = _range(table, judged, where), _then(table, where)
    return Rule(judged.name, allowed, attribute, feature, version, then, versus, of_class)


def _promise(table: Any, where: str, contract: Contract | None) -> Rule:
    _known(table, SLO, where)
    rule = promise_rule(table, where, _days, _then(table, where))
    if contract is not None and rule.promise is not None:
        role = "latency_ms" if rule.promise.metric == "latency" else "status"
        if role not in contract.columns:
            todo = f"Name the column in [columns]: {role}"
            raise EvenhandError(f"{where}: the contract names no {role}", todo=todo)
    return rule


def _text(table: Mapping[str, Any], key: str, where: str) -> str | None:
    found = table.get(key)
    if found is None or (isinstance(found, str) and found.strip()):
        return found.strip() if found else None
    raise EvenhandError(f"{where}: {key} is {found!r}", "A text is expected")


def _check_class(judged: Metric, of_class: str | None, where: str, contract: Contract | None) -> None:
    if of_class is None:
        if contract is not None and not set(contract.tasks) & set(judged.tasks):
            found, expected = f"is for {' and '.join(judged.tasks)} models", f"This model is {contract.task}"
            raise EvenhandError(f"{where}: {judged.name} {found}", expected, _instead(judged, contract))
        return
    if contract is not None and contract.task != MANY:
        found = f"{where}: `class` is for models of several classes"
        raise EvenhandError(found, f"This model is {contract.task}", "Remove `class`")
    if judged.name not in OF_A_CLASS:
        raise EvenhandError(f"{where}: {judged.name} is not a metric of one class", todo="Remove `class`")
    known = contract.classes if contract is not None else ()
    if known and of_class not in ("*", *known):
        raise EvenhandError(f"{where}: the contract has no class '{of_class}'", todo=nearest(of_class, known))


def _instead(judged: Metric, contract: Contract) -> str:
    """Returns what makes a metric of two classes one of this model; "" where nothing does."""
    if contract.task == "regression" and AT_A_CUTOFF in judged.tasks:
        return "Name the cut-off in the contract: [model] cutoff = ..."
    by_class = contract.task == MANY and judged.name in OF_A_CLASS
    return 'Write class = "*" to judge each class against the rest' if by_class else ""


def _check_attribute(judged: Metric, attribute: str | None, where: str, contract: Contract | None) -> None:
    if attribute is None:
        if "attribute" in judged.needs:
            raise EvenhandError(
                f"{where}: {judged.name} compares groups, and no attribute is named",
                todo='Write attribute = "*" for each',
            )
        return
    if not judged.by_group:
        raise EvenhandError(f"{where}: {judged.name} is not judged by group", todo="Remove `attribute`")
    if contract is None or attribute == "*":
        return
    known = [*contract.attribute_names, *("*".join(names) for names in contract.intersections)]
    if attribute not in known:
        raise EvenhandError(f"{where}: the contract has no attribute '{attribute}'", todo=nearest(attribute, known))


def _check_feature(judged: Metric, feature: str | None, where: str, contract: Contract | None) -> None:
    if judged.kind == "service" and feature is not None:
        _check_part(judged, feature, where, contract)
        return
    if judged.of_feature != (feature is not None):
        found = "is about a feature, and none is named" if feature is None else "is not about a feature"
        todo = 'Write feature = "*" for each' if feature is None else "Remove `feature`"
        raise EvenhandError(f"{where}: {judged.name} {found}", todo=todo)
    if feature in (None, "*") or contract is None or not contract.features:
        return
    known = [named.name for named in contract.features] + list(contract.own_features)
    begun = str(feature).removesuffix("*")
    if feature not in known and not (begun != feature and any(name.startswith(begun) for name in known)):
        raise EvenhandError(f"{where}: the contract has no feature '{feature}'", todo=nearest(str(feature), known))


def _check_part(judged: Metric, feature: str, where: str, contract: Contract | None) -> None:
    column, part, name = feature.partition("=")
    able = "latency" in judged.needs or (judged.name == "error_rate" and column == "endpoint")
    if not able or column not in PARTS or not name or not part:
        todo = 'Write feature = "endpoint=/predict" or, of a latency, "status=*"; or remove `feature`'
        raise EvenhandError(f"{where}: {judged.name} is not about {feature!r}", todo=todo)
    if contract is not None and column not in contract.columns:
        raise EvenhandError(f"{where}: the contract names no {column}", todo=f"Name its column in [columns]: {column}")


def _check_versions(judged: Metric, version: str | None, versus: str | None, where: str) -> None:
    if "versions" not in judged.needs:
        if versus is not None:
            base = f"{judged.name}_version_difference"
            raise EvenhandError(f"{where}: {judged.name} compares no versions", todo=f"{base} does, or remove `versus`")
    elif None in (version, versus) or "*" in (version, versus) or version == versus:
        raise EvenhandError(
            f"{where}: {judged.name} compares two versions", todo='Name both: version = "v2" and versus = "v1"'
        )


def _range(table: Mapping[str, Any], judged: Metric, where: str) -> Range:
    given = [key for key in ("min", "max", "between") if key in table]
    if not given or ("between" in given and len(given) > 1):
        found = f"{where} has {' and '.join(given) or 'no limit'}"
        raise EvenhandError(found, "A rule has min, max or both, or else between = [low, high]")
    limits = table.get("between", [table.get("min"), table.get("max")])
    if not isinstance(limits, list) or len(limits) != 2 or ("between" in given and None in limits):
        raise EvenhandError(f"{where}: between is {limits!r}", "Two numbers are expected, as in [-0.10, 0.10]")
    low, high = (_number(limit, where) for limit in limits)
    if low is not None and high is not None and low > high:
        raise EvenhandError(f"{where} allows from {low:g} to {high:g}", "The smaller number comes first")
    _check_domain((low, high), judged, where)
    return low, high


def _number(found: Any, where: str) -> float | None:
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not math.isfinite(found):
        raise EvenhandError(f"{where}: a limit is {found!r}", "A number is expected")
    return float(found)


def _check_domain(limits: Range, judged: Metric, where: str) -> None:
    default: Range = (0, None) if judged.unit in NOT_NEGATIVE else (None, None)
    low, high = DOMAINS.get(judged.unit, default)
    for limit in limits:
        if limit is not None and ((low is not None and limit < low) or (high is not None and limit > high)):
            between = f"{judged.name} is never under {low:g}" + ("" if high is None else f" or over {high:g}")
            raise EvenhandError(f"{where}: a limit is {limit:g}", between, "Ten points or per cent are written 0.10")


def _then(table: Mapping[str, Any], where: str) -> tuple[str, ...]:
    found = table.get("then", [])
    if not isinstance(found, Sequence) or isinstance(found, str) or not all(isinstance(act, str) for act in found):
        raise EvenhandError(f"{where}: then is {found!r}", 'A list such as ["alert"] is expected')
    for act in found:
        if act not in ACTIONS:
            raise EvenhandError(f"{where}: nothing is known to be done for '{act}'", todo=nearest(act, ACTIONS))
    return tuple(found)


def _refuse_twice(rules: Sequence[Rule], where: str) -> None:
    promised = [rule.promise.name for rule in rules if rule.promise is not None]
    same = next((name for name in promised if promised.count(name) > 1), None)
    if same is not None:
        raise EvenhandError(f"{where} has two promises named '{same}'", todo="Give each a name of its own")
    names = [rule.name for rule in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise EvenhandError(f"{where} has the same rule twice: {twice}", todo="Remove one")
