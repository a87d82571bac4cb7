"""What a model of the loss says, as tables: by how much each bin of each input changes the expected error.

It is fitted once, on the labelled reference (`rollup.loss_model`), and is additive: counting looks each input up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
FOLDS = 5
MODELS = 1 + FOLDS  # the whole reference, then with a fifth of its blocks left out
LOSSES = ("absolute", "square")  # |error| and error^2


@dataclass(frozen=True)
class LossFacts:
    """What readings need of the loss model; everything in error units.

    `variances` and `deffs` are of the residuals of |error| and error^2 on rows that the model was not fitted on,
    `square` is the mean squared error of the reference; `groups` says how many labelled reference rows each group has,
    by attribute ('' is everybody), of those with enough.
    """

    digest: str
    versions: tuple[str, ...]
    blocks: int
    variances: tuple[float, float]
    deffs: tuple[float, float]
    square: float
    groups: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, found: dict[str, Any]) -> LossFacts:
        """Returns what JSON keeps of them."""
        return cls(**found | {name: tuple(found[name]) for name in ("versions", "variances", "deffs")})


@dataclass(frozen=True)
class LossTables:
    """The tables, in millionths of units: a column for each loss and model, losses outermost.

    `base` is what every row starts from; `inputs` has an array (codes, columns) for each input, `levels` the names that
    codes stand for where an input is of text: the last code is for every other name.
    """

    base: Whole
    inputs: Mapping[str, Whole]
    levels: Mapping[str, tuple[str | None, ...]]

    def of_rows(self, codes: Mapping[str, Whole]) -> Whole:
        """Returns the expected losses of rows from the codes of their inputs: (rows, columns)."""
        rows = len(next(iter(codes.values())))
        found = np.repeat(self.base[None, :], rows, axis=0)
        for name, table in self.inputs.items():
            found += table[codes[name]]
        return found

    @property
    def text(self) -> str:
        """The tables as JSON, one text for one model."""
        inputs = {name: table.tolist() for name, table in self.inputs.items()}
        kept = {"base": self.base.tolist(), "inputs": inputs, "levels": dict(self.levels)}
        return json.dumps(kept, sort_keys=True, ensure_ascii=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def written(facts: LossFacts, tables: LossTables, bins: str) -> str:
    """Returns the text of losses.json; `bins` is the digest of the bins that the codes are of."""
    return json.dumps({"bins": bins, "facts": asdict(facts), "tables": tables.text}, sort_keys=True)


def parse(text: str, bins: str) -> tuple[LossFacts, LossTables] | None:
    """Returns what `written` wrote, None where it is of other bins; raises ValueError, KeyError or TypeError."""
    found = json.loads(text)
    if found["bins"] != bins:
        return None
    tables = json.loads(found["tables"])
    inputs = {name: np.array(table, dtype=np.int64) for name, table in tables["inputs"].items()}
    levels = {name: tuple(names) for name, names in tables["levels"].items()}
    return LossFacts.of(found["facts"]), LossTables(np.array(tables["base"], dtype=np.int64), inputs, levels)
