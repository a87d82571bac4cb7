"""A first contract, guessed from a file: every guess says of what, how sure, and why. A person corrects it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.contract import Attribute, Contract, Feature, Task
from dashboard.errors import EvenhandError
from dashboard.ingest.casting import OPPOSITES
from dashboard.ingest.profiles import ColumnProfile, FileProfile, days, file_profile, slow
from dashboard.ingest.roles import (
    NAMES,
    Guess,
    attribution_columns,
    class_scores,
    described,
    is_share,
    label_like,
    named,
    role_of,
)
from dashboard.settings import model_name

if TYPE_CHECKING:
    from dashboard.policy.proposal import SlowAnswers

PROTECTED: dict[str, str] = {
    "sex": "sex|gender",
    "race": "race|race_.*|.*_race",
    "ethnicity": "ethnic.*|.*ethnicity",
    "age": "age|age_.*|.*_age|age",
    "insurance": "insurance.*|payer.*|payor.*|.*_payer|medicaid|medicare",
    "language": ".*language.*",
    "religion": "religion.*",
    "disability": "disab.*",
    "marital_status": "marital.*",
    "nationality": "nationality|citizenship|country_of_birth|birth_country",
}
MOST_GROUPS = 30
AGES = (18, 40, 65)


@dataclass(frozen=True)
class Proposal:
    """A contract, the text of a policy, and the guesses behind them."""

    contract: Contract
    policy: str
    guesses: tuple[Guess, ...]


def propose(path: str | Path, name: str) -> Proposal:
    """Returns a contract and a policy for the model `name`, guessed from a file of its predictions.

    Raises EvenhandError where the file cannot be read, or has no time or neither score nor decision.
    """
    from dashboard import policy  # it pulls in the metrics, which intake does without

    found = file_profile(Path(path))
    contract, guesses = infer(found.columns, model_name(name), found.source.name)
    span = days(found.path, found.source, contract.columns["time"])
    first, last = span or (None, None)
    return Proposal(contract, policy.propose(contract, first, last, _latency(found, contract, span)), guesses)


def _latency(found: FileProfile, contract: Contract, span: tuple[date, date] | None) -> SlowAnswers | None:
    """Returns what 99 of 100 answers of the reference stay within; of the whole file where it has no reference."""
    from dashboard.policy.proposal import SlowAnswers, reference_days

    if "latency_ms" not in contract.columns:
        return None
    length = reference_days(*span) if span else None
    asked = (contract.columns["latency_ms"], contract.columns["time"])
    within, n = slow(found.path, found.source, *asked, span[0] if span and length else None, length or 0)
    return SlowAnswers(within, n, f"the first {length} days of {found.source.name}" if length else found.source.name)


def infer(columns: Sequence[ColumnProfile], name: str, where: str) -> tuple[Contract, tuple[Guess, ...]]:
    """Returns the contract that the columns suggest, and the guesses; `where` names the file in errors."""
    left = {column.name: column for column in columns}
    guesses: list[Guess] = []
    scores = class_scores(left)
    for column in scores.values():
        guesses.append(Guess(column, "score of a class", "likely", "one of several shares named alike, in [0, 1]"))
        left.pop(column)
    roles: dict[str, str] = {}
    for role in NAMES:
        guess = None if role == "score" and scores else role_of(role, list(left.values()))
        if guess:
            roles[role] = guess.column
            guesses.append(guess)
            left.pop(guess.column)
    _check_found(roles, scores, where, columns)
    if "label" not in roles and "decision" in roles:
        decided = next(column for column in columns if column.name == roles["decision"])
        if guess := label_like(decided, list(left.values())):
            roles["label"] = guess.column
            guesses.append(guess)
            left.pop(guess.column)
    by_name = {column.name: column for column in columns}
    task, positive, negative = _task(roles, scores, by_name, guesses)
    attributes = _attributes(left, guesses)
    given = attribution_columns(left)
    features = _features({name: c for name, c in left.items() if name not in given.values()}, attributes, guesses)
    attributions = {f.name: given[f.name.casefold()] for f in features if f.name.casefold() in given}
    for feature, column in attributions.items():
        guesses.append(Guess(column, f"attribution of {feature}", "likely", "named after an input, and numbers"))
    contract = Contract(
        name=name,
        task=task,
        positive=positive,
        negative=negative,
        columns=roles,
        scores=scores if task == "multiclass" else {},
        attributes=attributes,
        intersections=_intersections(attributes, guesses),
        features=features,
        attributions=attributions,
    )
    return contract, tuple(guesses)


def _check_found(roles: dict[str, str], scores: dict[str, str], where: str, columns: Sequence[ColumnProfile]) -> None:
    listed = ", ".join(column.name for column in columns)
    if "time" not in roles:
        raise EvenhandError(
            f"{where} has no column that looks like the time of a prediction; it has {listed}",
            "Every prediction needs a time",
            "Add one, such as predicted_at, to the export",
        )
    if not scores and "score" not in roles and "decision" not in roles:
        raise EvenhandError(
            f"{where} has no column that looks like a score or a decision; it has {listed}",
            "One of the two is needed",
            "Call it score or decision, or write contract.toml by hand",
        )


def _task(
    roles: dict[str, str], scores: dict[str, str], columns: dict[str, ColumnProfile], guesses: list[Guess]
) -> tuple[Task, str, str | None]:
    """Returns task, positive and negative value."""
    if scores:
        return "multiclass", "", None
    answers = [columns[roles[role]] for role in ("label", "decision") if role in roles and columns[roles[role]].given]
    score = columns[roles["score"]] if "score" in roles else None
    if score is not None and not is_share(score):
        guesses.append(Guess(score.name, "task", "likely", "regression: the score is not in [0, 1]"))
        return "regression", "", None
    several = next((a for a in answers if a.distinct > 2), None)
    if several is not None and score is None:
        guesses.append(Guess(several.name, "task", "likely", f"multiclass: {described(several)}"))
        return "multiclass", "", None
    positive, negative, guess = _positive(answers)
    guesses.append(guess)
    return "binary", positive, negative


def _positive(answers: list[ColumnProfile]) -> tuple[str, str | None, Guess]:
    values = [value for answer in answers for value, _ in answer.values]
    distinct = list(dict.fromkeys(value.removesuffix(".0") for value in values))
    if not answers:
        return "1", None, Guess("", "positive", "guess", "no label or decision seen yet: 1 is taken as positive")
    usual = next((v for v in distinct if v.lower() in list(OPPOSITES)[:7]), None)
    usual = usual or next((v for v in distinct if v in ("1.0", "1.00")), None)
    name = answers[0].name
    if usual is not None and len(distinct) <= 2:
        return usual, next((v for v in distinct if v != usual), None), Guess(name, "positive", "sure", f"{usual}")
    rarer = answers[0].values[-1][0]
    other = next((v for v in distinct if v != rarer), None) if len(distinct) == 2 else None
    return rarer, other, Guess(name, "positive", "guess", f"{rarer}: the rarer of {', '.join(distinct[:4])}")


def _attributes(left: dict[str, ColumnProfile], guesses: list[Guess]) -> tuple[Attribute, ...]:
    found: list[Attribute] = []
    for name, pattern in PROTECTED.items():
        for column in left.values():
            if not named(column, pattern) or any(a.column == column.name for a in found) or not column.given:
                continue
            attribute = _attribute(name, column, {a.name for a in found})
            if attribute:
                cut = f"; bands {', '.join(attribute.bands())}" if attribute.edges else ""
                why = f"named like {name.replace('_', ' ')}: {described(column)}{cut}"
                guesses.append(Guess(column.name, f"attribute {attribute.name}", "likely", why))
                found.append(attribute)
    return tuple(found)


def _attribute(name: str, column: ColumnProfile, taken: set[str]) -> Attribute | None:
    if name == "age" and column.family == "number" and column.distinct > 10:
        low, high = column.minimum or 0.0, column.maximum or 0.0
        edges = tuple(float(edge) for edge in AGES if low < edge <= high)
        return (
            Attribute("age_band" if "age_band" not in taken else column.name, column.name, None, edges)
            if edges
            else None
        )
    if column.distinct > MOST_GROUPS:
        return None
    return Attribute(column.name if name in taken or name == "age" else name, column.name)


def _intersections(attributes: tuple[Attribute, ...], guesses: list[Guess]) -> tuple[tuple[str, ...], ...]:
    if len(attributes) < 2:
        return ()
    pair = (attributes[0].name, attributes[1].name)
    guesses.append(Guess("", f"intersection {'*'.join(pair)}", "guess", "the first two attributes"))
    return (pair,)


def _features(
    left: dict[str, ColumnProfile], attributes: tuple[Attribute, ...], guesses: list[Guess]
) -> tuple[Feature, ...]:
    plain = {attribute.column for attribute in attributes if not attribute.edges}
    cut = {attribute.column for attribute in attributes if attribute.edges}
    found = []
    for column in left.values():
        if column.name in plain:
            continue
        if column.family == "number" and (column.distinct > 2 or column.name in cut):
            found.append(Feature(column.name, "numeric"))
            guesses.append(Guess(column.name, "feature", "likely", f"numeric: {described(column)}"))
        elif 0 < column.distinct <= 50:
            found.append(Feature(column.name, "categorical"))
            guesses.append(Guess(column.name, "feature", "likely", f"categorical: {described(column)}"))
        else:
            guesses.append(Guess(column.name, "kept", "guess", f"no feature: {described(column)}"))
    return tuple(found)
