"""One coded chunk of the log: its keys as codes, and what the codes stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.bins import Bins
from dashboard.contract import Attribute
from dashboard.rollup.tallying import Cells, Key, Keys, cells, fixed
from dashboard.sql.coding import NONE, Coding

SCALE = 1_000_000_000  # fixed point of scores, losses, entropies and ranks
UNITS = 1_000_000  # fixed point of weights and values
Table = tuple[str, pa.Table]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Chunk:
    """One coded chunk: its coding, the frozen bins, the dates its day codes stand for, and the coded columns."""

    coding: Coding
    bins: Bins
    days: pa.Array
    rows: pa.Table

    def column(self, name: str) -> NDArray[Any]:
        """Returns a coded column; a missing number is NaN."""
        return self.rows.column(name).combine_chunks().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]

    def key(self, column: str, names: Sequence[str | None], called: str = "") -> Key:
        return Key(called or column, self.column(column), pa.array(names, pa.string()))

    @cached_property
    def always(self) -> Keys:
        """The keys of every tally: day and version."""
        return Keys.of(
            Key("day", self.column("day"), self.days), self.key("version", [None, *self.coding.names["version"]])
        )

    @cached_property
    def rows_by_day(self) -> Cells:
        """How many rows each day and version has."""
        return cells(self.always, {})

    @cached_property
    def score(self) -> NDArray[np.float64]:
        return self.column("score").astype(float, copy=False)

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """The probability of every class, a column each, in the alphabet's order."""
        names = self.coding.names["label"]
        classes = sorted(self.coding.contract.classes)
        given = [self.column(f"p_{names.index(name)}").astype(float) for name in classes]
        return np.column_stack(given)

    @cached_property
    def score_steps(self) -> NDArray[np.float64]:
        """Scores in fixed point, 0 where there is none."""
        return fixed(self.score, SCALE)

    @cached_property
    def several_versions(self) -> bool:
        """Whether any day has rows of two versions."""
        days = self.rows_by_day.keys[0].codes
        return len(np.unique(days)) < len(days)

    @cached_property
    def truth(self) -> list[Key]:
        """Label and decision, None where there is none."""
        task = self.coding.contract.task
        names = [*self.coding.names.get("label", ())] if task == "multiclass" else ["0", "1"]
        stands_for = pa.array([*names, None], pa.string())
        codes = {name: self.column(name) for name in ("label", "decision")}
        return [Key(name, np.where(code == NONE, len(names), code), stands_for) for name, code in codes.items()]

    @cached_property
    def attributes(self) -> dict[str, Key]:
        """The groups of every attribute, by its name."""
        declared = enumerate(self.coding.contract.attributes)
        return {a.name: self.key(f"group_{i}", self.coding.groups(a), a.name) for i, a in declared}

    def groups(self, attributes: Sequence[Attribute]) -> list[Key]:
        """Returns a key for each of these attributes."""
        return [self.attributes[attribute.name] for attribute in attributes]


def named(table: pa.Table, name: str, attributes: Sequence[Attribute]) -> pa.Table:
    """Returns the table with `attribute` and `grp` in place of a column for each attribute; F*65+ is of two."""
    columns = [table.column(attribute.name) for attribute in attributes]
    if len(columns) > 1:
        import pyarrow.compute as pc  # slow to import

        crossed = pc.binary_join_element_wise(*(column.cast(pa.string()) for column in columns), "*")
        columns = [crossed.dictionary_encode()]
    kept = table.drop_columns([attribute.name for attribute in attributes])
    return about("attribute", name, kept).append_column("grp", columns[0] if columns else _same("", len(table)))


def about(column: str, name: str, table: pa.Table) -> pa.Table:
    """Returns the table with a column that says the same in every row."""
    return table.append_column(column, _same(name, len(table)))


def _same(text: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), pa.array([text]))


def numbered(size: int) -> pa.Array:
    """Returns what codes stand for that are numbers themselves."""
    return pa.array(range(size), pa.int32())
