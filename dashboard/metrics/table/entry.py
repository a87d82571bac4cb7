"""What the table says of one metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dashboard.contract import AT_A_CUTOFF

Kind = Literal["performance", "fairness", "drift", "service", "data"]
Better = Literal["higher", "lower", "near zero", "near one", "context"]
BINARY = ("binary",)
DECIDED = ("binary", AT_A_CUTOFF)
CLASSES = ("binary", "multiclass")
DECIDING = (*CLASSES, AT_A_CUTOFF)
EVERY = ("binary", "multiclass", "regression")
NO_FEATURE = frozenset({"attribute", "scores", "inputs"})  # needs of the drift of what is not one feature
RATE_SOURCE = "Wilson (1927) for the interval"
ENDS = "the wider of Wilson's and Jeffreys' limits (Brown, Cai and DasGupta 2001)"
DIFFERENCE_SOURCE = f"MOVER (Newcombe 1998, Zou and Donner 2008) of {ENDS}"
RATIO_SOURCE = f"MOVER-R (Donner and Zou 2012) of {ENDS}"
PAIRS_SOURCE = "all pairs of groups at level 1 - (1 - level)/K"
BOTH = "labels decisions"


@dataclass(frozen=True, slots=True)
class Metric:
    """Describes a metric; `complement` is its mirror image, `family` the name under which a policy counts it once."""

    name: str
    title: str
    question: str
    kind: Kind
    unit: str
    better: Better
    needs: frozenset[str]
    formula: str
    source: str
    tasks: tuple[str, ...] = BINARY
    complement: str | None = None
    family: str = ""

    @property
    def of_feature(self) -> bool:
        """Whether it is about one feature: how far it has moved, what is wrong with its values."""
        return "feature" in self.needs or (self.kind == "drift" and not self.needs & NO_FEATURE)

    @property
    def by_group(self) -> bool:
        """Whether it may be read of each group of an attribute."""
        return self.kind not in ("drift", "service") or bool(self.needs & {"attribute", "scores"})


def entry(
    name: str,
    title: str,
    question: str,
    formula: str,
    better: Better,
    needs: str,
    *,
    kind: Kind = "performance",
    unit: str = "share",
    source: str = "",
    tasks: tuple[str, ...] = BINARY,
    complement: str | None = None,
    family: str = "",
) -> Metric:
    """Returns a metric; `needs` are words, and a family without a name is the metric's own."""
    wants = frozenset(needs.split())
    return Metric(name, title, question, kind, unit, better, wants, formula, source, tasks, complement, family or name)


def without_cutoff(metric: Metric) -> tuple[str, ...]:
    """Returns the tasks of what is not made of a regression's cut-off."""
    return tuple(task for task in metric.tasks if task != AT_A_CUTOFF)
