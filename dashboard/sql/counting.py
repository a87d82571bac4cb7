"""The INSERTs of one chunk: each reads the coded table (see `tallies`) and stores a few counted rows.

Grouping happens on integers inside; the names come back outside, on the counted rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.contract import Attribute
from dashboard.sql import literal
from dashboard.sql.tallies import NO_LABEL, SCALE, SHIFT, STEPS, Coding, group_names, listed

CLIP = 1e-15  # log loss sees no probability below this


@dataclass(frozen=True)
class Chunk:
    """One chunk's coding and its first day (ISO)."""

    coding: Coding
    first_day: str

    @property
    def day(self) -> str:
        return f"DATE {literal(self.first_day)} + d::INTEGER"

    @property
    def version(self) -> str:
        return f"list_extract({listed(self.coding.names['version'])}, v)"

    def outcome(self, column: str) -> str:
        """Returns the name of a label or decision code; NULL where there is none."""
        if self.coding.contract.task == "multiclass":
            return f"list_extract({listed(self.coding.names['label'])}, {column})"
        return f"CASE WHEN {column} < {NO_LABEL} THEN {column}::VARCHAR END"

    def codes(self, attributes: tuple[Attribute, ...]) -> list[str]:
        return [f"a{self.coding.contract.attributes.index(attribute)}" for attribute in attributes]

    def group(self, attributes: tuple[Attribute, ...]) -> str:
        """Returns the name of a group or of an intersection's group: F*65+."""
        names = [
            f"list_extract({listed(group_names(attribute, self.coding.names))}, {column} + 1)"
            for attribute, column in zip(attributes, self.codes(attributes), strict=True)
        ]
        return " || '*' || ".join(names) or "''"


def outcome_inserts(chunk: Chunk) -> Iterator[str]:
    """Yields the statements behind what needs labels: outcomes, errors, bins, subjects, delays."""
    regression = chunk.coding.contract.task == "regression"
    yield _crossed(chunk)
    for name, attributes in chunk.coding.breakdowns:
        yield _errors(chunk, name, attributes) if regression else _outcomes(chunk, name, attributes)
        if chunk.coding.contract.task == "binary":
            yield _bins(chunk, name, attributes)
        if chunk.coding.has_subject and not regression:
            yield _subjects(chunk, name, attributes)
        yield _delays(chunk, name, attributes)


def input_inserts(chunk: Chunk) -> Iterator[str]:
    """Yields the statements behind what needs no labels: latency, volume, features, categories, quality."""
    yield _latency(chunk)
    yield _volume(chunk)
    for index, name in enumerate(chunk.coding.grids):
        yield _feature(chunk, index, name)
    for index, name in enumerate(chunk.coding.categories):
        yield _category(chunk, index, name)
    yield from _quality(chunk)


OUTCOME_SUMS = ("n", "scored", "score_sum", "brier_sum", "brier_sq", "log_loss_sum", "log_loss_sq", "clipped")
ERROR_SUMS = ("n", "labelled", "error_sum", "absolute_sum", "square_sum", "fourth_sum", "label_sum", "label_sq")


def _crossed(chunk: Chunk) -> str:
    attributes = [f"a{i}" for i in range(len(chunk.coding.contract.attributes))]
    task = chunk.coding.contract.task
    if task == "regression":
        sums = _error_sums()
    else:
        sums = "count(*) AS n, count(sc) AS scored, sum(sc) AS score_sum, " + _loss_sums(task == "binary")
    keys = ", ".join(["d", "v", *attributes, "l", "k"])
    return f"CREATE OR REPLACE TEMP TABLE crossed AS SELECT {keys}, {sums} FROM coded GROUP BY {keys}"  # noqa: S608


def _loss_sums(scored: bool) -> str:
    if not scored:
        return ", ".join(f"0::HUGEINT AS {name}" for name in OUTCOME_SUMS[3:])
    log_loss = f"-ln(greatest(1 - miss, {CLIP!r}))"
    terms = {
        "brier_sum": "miss * miss",
        "brier_sq": "pow(miss, 4)",
        "log_loss_sum": log_loss,
        "log_loss_sq": f"pow({log_loss}, 2)",
    }
    sums = [f"coalesce(sum(round({term} * {SCALE})::BIGINT), 0) AS {name}" for name, term in terms.items()]
    return ", ".join([*sums, f"count(*) FILTER (1 - miss < {CLIP!r}) AS clipped"])


def _error_sums() -> str:
    terms = {
        "error_sum": "e",
        "absolute_sum": "abs(e)",
        "square_sum": "e::HUGEINT * e",
        "fourth_sum": f"round(pow(e / {STEPS}, 4) * {STEPS})::HUGEINT",
        "label_sum": "y",
        "label_sq": "y::HUGEINT * y",
    }
    sums = [f"coalesce(sum({term}) FILTER (e IS NOT NULL), 0) AS {name}" for name, term in terms.items()]
    return ", ".join(["count(*) AS n", "count(e) AS labelled", *sums])


def _head(chunk: Chunk, name: str, attributes: tuple[Attribute, ...]) -> str:
    return f"{chunk.day}, {chunk.version}, {literal(name)}, {chunk.group(attributes)}"


def _merged(sums: tuple[str, ...]) -> str:
    return ", ".join(f"sum({name}) AS {name}" for name in sums)


def _outcomes(chunk: Chunk, name: str, attributes: tuple[Attribute, ...]) -> str:
    keys = ", ".join(["d", "v", *chunk.codes(attributes), "l", "k"])
    return (
        f"INSERT INTO rollup.outcomes SELECT {_head(chunk, name, attributes)}, {chunk.outcome('l')}, {chunk.outcome('k')}, "  # noqa: S608
        f"{', '.join(OUTCOME_SUMS)} FROM (SELECT {keys}, {_merged(OUTCOME_SUMS)} FROM crossed GROUP BY {keys}) ORDER BY ALL"
    )


def _errors(chunk: Chunk, name: str, attributes: tuple[Attribute, ...]) -> str:
    keys = ", ".join(["d", "v", *chunk.codes(attributes)])
    return (
        f"INSERT INTO rollup.errors SELECT {_head(chunk, name, attributes)}, {', '.join(ERROR_SUMS)} "  # noqa: S608
        f"FROM (SELECT {keys}, {_merged(ERROR_SUMS)} FROM crossed GROUP BY {keys}) ORDER BY ALL"
    )


def _bins(chunk: Chunk, name: str, attributes: tuple[Attribute, ...]) -> str:
    keys = ", ".join(["d", "v", *chunk.codes(attributes), "s", "l", "k"])
    largest = chunk.coding.groups_binned.get(name)
    kept = f" WHERE list_contains({listed(largest)}, grp)" if largest else ""
    return (
        f"INSERT INTO rollup.bins SELECT * FROM (SELECT {_head(chunk, name, attributes)} AS grp, s, "  # noqa: S608
        f"{chunk.outcome('l')}, {chunk.outcome('k')}, n "
        f"FROM (SELECT {keys}, count(*) AS n FROM coded WHERE s IS NOT NULL GROUP BY {keys})){kept}"
    )


def _subjects(chunk: Chunk, name: str, attributes: tuple[Attribute, ...]) -> str:
    keys = ", ".join(["d", "v", *chunk.codes(attributes), "bucket", "l", "k"])
    losses = "0::HUGEINT AS brier_sum, 0::HUGEINT AS log_loss_sum"
    if chunk.coding.contract.task == "binary":
        losses = (
            f"coalesce(sum(round(miss * miss * {SCALE})::BIGINT), 0) AS brier_sum, "
            f"coalesce(sum(round(-ln(greatest(1 - miss, {CLIP!r})) * {SCALE})::BIGINT), 0) AS log_loss_sum"
        )
    return (
        f"INSERT INTO rollup.subjects SELECT {_head(chunk, name, attributes)}, bucket, {chunk.outcome('l')}, "  # noqa: S608
        f"{chunk.outcome('k')}, n, brier_sum, log_loss_sum FROM (SELECT {keys}, count(*) AS n, {losses} FROM coded GROUP BY {keys})"
    )


def _delays(chunk: Chunk, name: str, attributes: tuple[Attribute, ...]) -> str:
    keys = ", ".join(["d", "v", *chunk.codes(attributes), "l", "delay"])
    return (
        f"INSERT INTO rollup.delays SELECT {_head(chunk, name, attributes)}, {chunk.outcome('l')}, delay, n "  # noqa: S608
        f"FROM (SELECT {keys}, count(*) AS n FROM coded WHERE delay IS NOT NULL GROUP BY {keys})"
    )


def _latency(chunk: Chunk) -> str:
    names = chunk.coding.names
    return (
        "INSERT INTO rollup.latency SELECT "  # noqa: S608
        f"{chunk.day}, TIMESTAMP '1970-01-01' + to_hours(h), {chunk.version}, list_extract({listed(names['endpoint'])}, en), "
        f"list_extract({listed(names['status'])}, st), lat, n "
        "FROM (SELECT d, h, v, en, st, lat, count(*) AS n FROM coded WHERE lat IS NOT NULL GROUP BY d, h, v, en, st, lat)"
    )


def _volume(chunk: Chunk) -> str:
    statuses = chunk.coding.names["status"]
    fine = 1 + statuses.index("ok") if "ok" in statuses else 0
    return (
        "INSERT INTO rollup.volume SELECT "  # noqa: S608
        f"{chunk.day}, TIMESTAMP '1970-01-01' + to_hours(h), {chunk.version}, n, failed, scored, coalesce(score_sum, 0) "
        f"FROM (SELECT d, h, v, count(*) AS n, count(*) FILTER (st NOT IN (0, {fine})) AS failed, count(sc) AS scored, "
        "sum(sc) AS score_sum FROM coded GROUP BY d, h, v) ORDER BY ALL"
    )


def _feature(chunk: Chunk, index: int, name: str) -> str:
    cell = f"CASE WHEN t{index} IS NOT NULL THEN least(greatest(t{index} >> {SHIFT}, 0), 4095) END"
    return (
        f"INSERT INTO rollup.features SELECT {chunk.day}, {chunk.version}, {literal(name)}, coalesce(bin, -1), n, "  # noqa: S608
        f"coalesce(total, 0) FROM (SELECT d, v, bin, count(*) AS n, sum(t{index}) AS total "
        f"FROM coded LEFT JOIN cells_{index} ON cell = {cell} GROUP BY d, v, bin) ORDER BY ALL"
    )


def _category(chunk: Chunk, index: int, name: str) -> str:
    names = listed(chunk.coding.names[f"x_{name}"])
    return (
        f"INSERT INTO rollup.categories SELECT {chunk.day}, {chunk.version}, {literal(name)}, list_extract({names}, c{index}), n "  # noqa: S608
        f"FROM (SELECT d, v, c{index}, count(*) AS n FROM coded GROUP BY d, v, c{index}) ORDER BY ALL"
    )


def _quality(chunk: Chunk) -> Iterator[str]:
    """Missing and out-of-range counts; both follow from what was coded, in one pass over it."""
    coding = chunk.coding
    limited = [
        f.name for f in coding.contract.features if f.kind == "numeric" and (f.minimum, f.maximum) != (None, None)
    ]
    counts = [f"count(t{i}) AS has_{i}" for i in range(len(coding.grids))]
    counts += [f"count(*) FILTER (c{i} > 0) AS cat_{i}" for i in range(len(coding.categories))]
    counts += [f"count(*) FILTER (o{i}) AS out_{i}" for i in range(len(limited))]
    if not counts:
        return
    yield f"CREATE OR REPLACE TEMP TABLE present AS SELECT d, v, count(*) AS n, {', '.join(counts)} FROM coded GROUP BY d, v"  # noqa: S608
    found = {name: f"has_{i}" for i, name in enumerate(coding.grids)} | {
        name: f"cat_{i}" for i, name in enumerate(coding.categories)
    }
    for name, column in found.items():
        outside = f"out_{limited.index(name)}" if name in limited else "0"
        yield (
            f"INSERT INTO rollup.quality SELECT {chunk.day}, {chunk.version}, {literal(name)}, n, n - {column}, {outside} "  # noqa: S608
            "FROM present ORDER BY ALL"
        )
