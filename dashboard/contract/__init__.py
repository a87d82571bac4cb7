"""The contract: what a model's delivered columns mean (contract.toml).

A *role* is what a column is to us (`score`); a *column* is what the delivery calls it. The contract names the
protected attributes, the features with their units and ranges, and what counts as positive. Its digest
identifies it: a rollup counted under another contract is counted again.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from dashboard.errors import EvenhandError

ROLES = (
    "id",
    "time",
    "version",
    "score",
    "decision",
    "label",
    "labeled_at",
    "latency_ms",
    "status",
    "endpoint",
    "energy_wh",
    "cost",
    "value",
    "subject",
    "weight",
)
Task = Literal["binary", "multiclass", "regression"]
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
Kind = Literal["numeric", "categorical"]
AT_A_CUTOFF = "regression with a cutoff"  # what metrics are for that such a model has beside a regression's
UNKNOWN_GROUP = "unknown"
CELLS = ("tp", "fp", "fn", "tn")
SURE = ("top score", "margin", "entropy of the scores")  # how sure several classes are: Contract.own_features


@dataclass(frozen=True)
class Attribute:
    """A protected attribute: a column whose values, or whose bands between edges, are its groups."""

    name: str
    column: str
    reference: str | None = None
    edges: tuple[float, ...] = ()

    def bands(self) -> tuple[str, ...]:
        """Returns the groups that the edges make, left-closed, lowest first; () without edges.

        >>> Attribute("age_band", "age", edges=(18, 40, 65)).bands()
        ('<18', '18-39', '40-64', '65+')
        >>> Attribute("dose", "dose", edges=(0.5, 2)).bands()
        ('<0.5', '[0.5, 2)', '2+')
        """
        if not self.edges:
            return ()
        whole = all(float(edge).is_integer() for edge in self.edges)
        inner = [_band(low, high, whole) for low, high in pairwise(self.edges)]
        return (f"<{self.edges[0]:.15g}", *inner, f"{self.edges[-1]:.15g}+")


def _band(low: float, high: float, whole: bool) -> str:
    if not whole:
        return f"[{low:.15g}, {high:.15g})"
    return f"{low:.15g}" if high == low + 1 else f"{low:.15g}-{high - 1:.15g}"


@dataclass(frozen=True)
class Feature:
    """A model input that drift and data quality watch. `name` is the delivered column."""

    name: str
    kind: Kind
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Value:
    """What a case is worth by what became of it, in a unit (EUR); a cost is negative. All four, or none."""

    unit: str = ""
    tp: float | None = None
    fp: float | None = None
    fn: float | None = None
    tn: float | None = None

    @property
    def cells(self) -> dict[str, float]:
        """What each cell is worth; {} where only the unit of a logged value is named.

        >>> Value("EUR", 90, -10, -200, 0).cells["fn"]
        -200
        """
        return {name: worth for name in CELLS if (worth := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Service:
    """What is stated of running it: the grid's grams of CO2e per kilowatt-hour and their source, the cost."""

    grid_gco2_per_kwh: float | None = None
    grid_source: str = ""
    cost_per_1000: float | None = None
    cost_unit: str = ""


@dataclass(frozen=True)
class Contract:
    """What one model's log means. `columns` maps role to delivered column, `scores` class to column.

    `shadow` lists versions that score cases beside the one in service; `time_format` (strptime) is only needed
    where times are not ISO 8601 or a number of seconds. `tolerance` is how far off a regression may be without harm,
    in the label's unit. `cutoff` is the predicted value from which on a case is selected, by the decision that follows
    the number; a label from there on is positive. `digests` holds the SHA-256 of each version's model file;
    `attributions` maps an input to the column of what it added to the answer (a SHAP value).
    """

    name: str
    task: Task
    positive: str = ""
    negative: str | None = None
    threshold: float = 0.5
    purpose: str = ""
    owner: str = ""
    timezone: str = "UTC"
    columns: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, str] = field(default_factory=dict)
    attributes: tuple[Attribute, ...] = ()
    intersections: tuple[tuple[str, ...], ...] = ()
    features: tuple[Feature, ...] = ()
    shadow: tuple[str, ...] = ()
    time_format: str | None = None
    value: Value | None = None
    tolerance: float | None = None
    cutoff: float | None = None
    service: Service | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    attributions: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the canonical content: comments, spacing and the order of keys do not change it."""
        content = asdict(self)
        del content["digests"]  # which file a version is says nothing of what the columns mean
        if self.cutoff is None:  # such a contract keeps the digest it had before there were cut-offs
            del content["cutoff"]
        if self.service is None:  # a contract that states nothing of it keeps the digest it had before it could
            del content["service"]
        if not self.attributions:  # likewise
            del content["attributions"]
        canonical = json.dumps(_canonical(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def attribute(self, name: str) -> Attribute:
        """Returns the attribute of that name; raises KeyError."""
        return next(a for a in self.attributes if a.name == name) if name in self.attribute_names else _missing(name)

    @property
    def attribute_names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.attributes)

    @property
    def tasks(self) -> tuple[str, ...]:
        """What metrics may be for to be this model's: its task, and of a regression with a cut-off that too.

        >>> Contract("rent", "regression", cutoff=30_000.0).tasks
        ('regression', 'regression with a cutoff')
        """
        return (self.task,) if self.cutoff is None else (self.task, AT_A_CUTOFF)

    @property
    def decides(self) -> bool:
        """Whether labels and decisions are counted: of a regression only where a cut-off makes them."""
        return self.task != "regression" or self.cutoff is not None

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of a multiclass model as far as the contract names them."""
        return tuple(self.scores)

    @property
    def own_features(self) -> tuple[str, ...]:
        """What the model answers, watched like what it is given; a name that a declared feature has is that feature's.

        >>> Contract("care", "multiclass", scores={"low": "p_low", "high": "p_high"}).own_features[:4]
        ('score of low', 'score of high', 'top score', 'margin')
        >>> Contract("rent", "regression").own_features
        ('score',)
        """
        names: tuple[str, ...] = ("score", "confidence") if self.task == "binary" else ("score",)
        if self.task == "multiclass":
            names = (*map(score_of, self.classes), *SURE) if self.classes else ()
        names += ("decision", "label") if self.decides else ()
        declared = {feature.name for feature in self.features}
        return tuple(name for name in names if name not in declared)

    @property
    def numeric(self) -> frozenset[str]:
        """The delivered columns that are kept as numbers: numeric features, attributes with edges, attributions."""
        features = {feature.name for feature in self.features if feature.kind == "numeric"}
        features |= {*self.attributions.values()}
        return frozenset(features | {attribute.column for attribute in self.attributes if attribute.edges})

    @property
    def named_columns(self) -> tuple[str, ...]:
        """Every delivered column that an attribute, a feature or an attribution names, each once, in order."""
        names = [attribute.column for attribute in self.attributes] + [feature.name for feature in self.features]
        names += self.attributions.values()
        return tuple(dict.fromkeys(names))


def score_of(name: str) -> str:
    """Returns what the score of one of several classes is called among the features.

    >>> score_of("low")
    'score of low'
    """
    return f"score of {name}"


def _canonical(value: Any) -> Any:
    """Returns the content with every number a float, so that 18 and 18.0, 0 and -0.0 are one contract."""
    if isinstance(value, Mapping):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    return float(value) + 0.0 if isinstance(value, int | float) else value


def _missing(name: str) -> Attribute:
    raise KeyError(name)


def parse(text: str, where: str) -> Contract:
    """Returns the contract that TOML text describes; `where` names the text in errors.

    Raises EvenhandError for what is not TOML, unknown keys (naming the nearest known), wrong types and
    contradictions.

    >>> parse('[model]\\nname="t"\\ntask="binary"\\npositive="1"\\n[columns]\\ntime="t"\\nscore="s"', "here").task
    'binary'
    """
    from dashboard.contract.text import contract_from  # the reading of tables has its own file

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EvenhandError(f"{where} is not valid TOML: {error}", todo="Correct that line") from error
    return contract_from(tables, where)


def read(path: str | Path) -> Contract:
    """Returns the contract in a file; raises EvenhandError where it is missing or wrong."""
    try:
        return parse(Path(path).read_text(encoding="utf-8"), str(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise EvenhandError(
            f"There is no contract at {path}", todo="Propose one from a file: evenhand init MODEL FILE"
        ) from error
    except OSError as error:
        raise EvenhandError(f"Could not read {path}: {error.strerror}", todo="Check its permissions") from error
    except UnicodeDecodeError as error:
        raise EvenhandError(f"{path} is not UTF-8 text", todo="Save it as UTF-8") from error


def render(contract: Contract) -> str:
    """Returns the contract as commented TOML; parse(render(c)) equals c."""
    from dashboard.contract.writing import contract_to

    return contract_to(contract)
