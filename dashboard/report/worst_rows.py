"""The rows behind a search for worst groups: read from the log, cut into conditions, in two halves by time.

The older half is for discovering, the newer one for confirming. A person's cases lie in one half only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import log, store
from dashboard.contract import UNKNOWN_GROUP, Attribute, Contract, Feature
from dashboard.log import FileEntry
from dashboard.metrics.crossings import Cases
from dashboard.report.performance import Source
from dashboard.rollup.rows import typed, with_labels
from dashboard.settings import ModelPaths
from dashboard.sql.levels import WHOLE, Factor, chosen, levels, numbers, texts

MOST = 2_000_000  # cases: beyond, a sample of the subjects (else of the cases), drawn by hash
CUT_FROM = 300_000  # cases of the older half that bins are cut from
ROWS_AT_ONCE = 1_000_000
GROUPS, VALUES, BINS = 30, 12, 4  # of an attribute; of a feature
HALF = 1 << 8  # the bit of a subject's hash that says where those go who were seen in both halves
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Days:
    """What is read: a metric's cases from `since` until `until`; those from `split` on confirm. `n` there are."""

    metric: str
    since: date
    split: date
    until: date
    version: str | None
    n: int
    on: date | None = None


@dataclass(frozen=True)
class Halves:
    """The cases of both halves, what their levels mean; `share` of the cases were read, `left_out` as seen in both."""

    factors: tuple[Factor, ...]
    discovery: Cases
    confirmation: Cases
    share: float
    left_out: int
    notes: tuple[str, ...]

    @property
    def attributes(self) -> frozenset[int]:
        """The places of the factors that are protected attributes."""
        return frozenset(k for k, factor in enumerate(self.factors) if factor.kind == "attribute")


def halves(
    paths: ModelPaths, source: Source, days: Days, progress: Callable[[float], None] = lambda share: None
) -> Halves:
    """Returns the rows that the rollup has counted, coded; the conditions are cut from the older half."""
    contract = source.contract
    counted = source.snapshot.batches()
    known = [record for record in log.read_records(paths.log) if record.batch in counted]
    files = {
        what: [e for e in log.entries(paths.log, known, what) if days.since <= e.day < days.until]
        for what in ("predictions", "labels")
    }
    share = WHOLE if days.n <= MOST else max(1, WHOLE * MOST // days.n)
    with store.connect(temp_directory=paths.staging) as connection:
        factors, notes = _factors(connection, contract, days, files)
        progress(0.3)
        parts: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
        chunks = list(_chunks(files))
        for k, chunk in enumerate(chunks):
            rows = chosen(contract, days.metric, _source(connection, contract, days, chunk), days.version)
            found = connection.execute(levels(contract, factors, rows, share), _parameters(contract, days)).fetchnumpy()
            late = np.asarray(found.pop("day")) >= np.datetime64(days.split)
            for part, mask in zip(parts, (~late, late), strict=True):
                part.append({name: np.asarray(values)[mask] for name, values in found.items()})
            progress(0.3 + 0.7 * (k + 1) / len(chunks))
    older, newer = (_joined(part, factors) for part in parts)
    left_out = _part(older, newer) if "whose" in older else 0
    return Halves(factors, _cases(older, factors), _cases(newer, factors), share / WHOLE, left_out, notes)


def _parameters(contract: Contract, days: Days) -> dict[str, Any]:
    return {"shadow": list(contract.shadow)} if days.version is None else {"version": days.version}


def _source(connection: Any, contract: Contract, days: Days, files: dict[str, list[FileEntry]]) -> str:
    known_before = datetime.combine(days.on, time()) if days.on else None
    return with_labels(connection, typed(connection, contract, files["predictions"]), files["labels"], known_before)


def _chunks(files: dict[str, list[FileEntry]]) -> Iterator[dict[str, list[FileEntry]]]:
    """Yields the files of whole days, about ROWS_AT_ONCE rows at a time."""
    rows: Counter[date] = Counter()
    for entry in files["predictions"]:
        rows[entry.day] += entry.rows
    days: set[date] = set()
    for day in sorted(rows):
        if days and sum(rows[one] for one in days) + rows[day] > ROWS_AT_ONCE:
            yield {what: [e for e in entries if e.day in days] for what, entries in files.items()}
            days = set()
        days.add(day)
    if days:
        yield {what: [e for e in entries if e.day in days] for what, entries in files.items()}


def _joined(parts: list[dict[str, Any]], factors: Sequence[Factor]) -> dict[str, Any]:
    """Returns the columns of all parts, joined."""
    if not parts:
        return {name: np.zeros(0, np.uint8) for name in ("bad", "row_key")} | {
            f"f{k}": np.zeros(0, np.uint8) for k in range(len(factors))
        }
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _part(older: dict[str, Any], newer: dict[str, Any]) -> int:
    """Does leave each subject that was seen in both halves in one of them, by its hash; returns how many rows went."""
    both = np.intersect1d(older["whose"], newer["whose"])
    stays = (both & HALF) > 0
    before = len(older["bad"]) + len(newer["bad"])
    for rows, elsewhere in ((older, both[~stays]), (newer, both[stays])):
        kept = ~np.isin(rows["whose"], elsewhere)
        rows |= {name: values[kept] for name, values in rows.items()}
    return before - len(older["bad"]) - len(newer["bad"])


def _cases(rows: dict[str, Any], factors: Sequence[Factor]) -> Cases:
    """Returns the cases, in the order of their keys."""
    order = np.argsort(rows["row_key"], kind="stable")
    buckets = (rows["whose"][order] % 256).astype(np.uint8) if "whose" in rows else None
    found = tuple(rows[f"f{k}"][order] for k in range(len(factors)))
    return Cases(found, tuple(factor.size for factor in factors), rows["bad"][order], buckets)


def _factors(
    connection: Any, contract: Contract, days: Days, files: dict[str, list[FileEntry]]
) -> tuple[tuple[Factor, ...], tuple[str, ...]]:
    """Returns the factors that have two conditions at least, and what was left out in sentences.

    A feature that an attribute is made of is left out: the attribute stands for it.
    """
    taken = {attribute.column for attribute in contract.attributes}
    features = [feature for feature in contract.features if feature.name not in taken]
    older = {what: [e for e in entries if e.day < days.split] for what, entries in files.items()}
    if not older["predictions"]:
        return (), ()
    rows = chosen(contract, days.metric, _source(connection, contract, days, older), days.version)
    share = min(WHOLE, WHOLE * CUT_FROM // max(1, sum(entry.rows for entry in older["predictions"])))
    asked = [f.name for f in features if f.kind == "numeric"], [a.column for a in contract.attributes if not a.edges]
    asked[1].extend(f.name for f in features if f.kind == "categorical")
    parameters = _parameters(contract, days)
    values: dict[str, Any] = {}
    if asked[0]:
        found = connection.execute(numbers(rows, asked[0], share), parameters).fetchnumpy()
        values |= dict(zip(asked[0], (_known(column) for column in found.values()), strict=True))
    if asked[1]:
        (counts,) = connection.execute(texts(rows, asked[1], share), parameters).fetchall()
        values |= dict(zip(asked[1], counts, strict=True))
    made = [_of_attribute(attribute, values.get(attribute.column)) for attribute in contract.attributes]
    made += [_of_feature(feature, values[feature.name]) for feature in features]
    return tuple(factor for factor in made if _choices(factor) > 1), tuple(_notes(contract, made, values))


def _choices(factor: Factor) -> int:
    """Returns how many conditions a factor makes, a missing value not counted."""
    return factor.size - (1 if factor.kind == "attribute" else 2)


def _known(column: Any) -> Numbers:
    found: Numbers = np.ma.compressed(column).astype(float)
    return found[np.isfinite(found)]


def _of_attribute(attribute: Attribute, counts: dict[str, int] | None) -> Factor:
    bands = attribute.bands()
    factor = Factor(attribute.name, attribute.column, "attribute", edges=attribute.edges, values=bands)
    known = {value: n for value, n in (counts or {}).items() if value != UNKNOWN_GROUP}
    return factor if bands else replace(factor, values=_most(known, GROUPS))


def _of_feature(feature: Feature, found: Any) -> Factor:
    factor = Factor(feature.name, feature.name, "feature", feature.unit)
    if feature.kind == "categorical":
        return replace(factor, values=_most(found or {}, VALUES), others=len(found or {}) > VALUES)
    return replace(factor, edges=edges(found), whole=bool(len(found) and (found == np.floor(found)).all()))


def _most(counts: dict[str, int], places: int) -> tuple[str, ...]:
    """Returns the values that occur most, in the alphabet's order."""
    return tuple(sorted(sorted(counts, key=lambda value: (-counts[value], value))[:places]))


def edges(values: Numbers) -> tuple[float, ...]:
    """Returns the edges of bins of about equal size, as round as the spread of the values allows.

    Where most values are the smallest one, everything above it is a bin.

    >>> edges(np.arange(1000.0)), edges(np.array([0.0] * 90 + [3.0] * 10)), edges(np.array([7.0, 7.0]))
    ((249.0, 499.0, 749.0), (3.0,), ())
    """
    if not len(values):
        return ()
    cuts = np.quantile(values, [k / BINS for k in range(1, BINS)], method="lower")
    width = float(np.subtract(*np.quantile(values, [0.9, 0.1])))
    if width > 0:
        digits = 2 - int(np.floor(np.log10(width)))
        cuts = np.round(cuts, digits)
    above = values[values > values.min()]
    kept = [float(cut) for cut in np.unique(cuts) if values.min() < cut <= values.max()]
    return tuple(kept or ([float(above.min())] if len(above) else []))


def _notes(contract: Contract, made: Sequence[Factor], values: dict[str, Any]) -> Iterator[str]:
    """Yields what was not searched, in sentences."""
    taken = [a.column for a in contract.attributes if a.column in {f.name for f in contract.features}]
    if taken:
        yield f"The attribute stands for the feature it is made of: {', '.join(dict.fromkeys(taken))}."
    single = [factor.name for factor in made if _choices(factor) < 2]
    if single:
        yield f"The same for nearly everybody, so not searched: {', '.join(single)}."
    cut = [f.name for f in made if f.kind == "attribute" and len(values.get(f.column, ())) > GROUPS]
    if cut:
        yield f"Only the {GROUPS} largest groups of {', '.join(cut)} are searched."
    if contract.attributes:
        yield "Unknown groups are no condition."
    if "weight" in contract.columns:
        yield "Cases are counted without weights."
