"""What is taken for what: the confusion matrix, each row a class's cases, each column what it was decided to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import Drawn, sheet
from dashboard.charts.words import number

RIGHT, WRONG = "0, 147, 107", "213, 94, 0"  # blue-green and vermilion of the marks
DEEPEST = 0.62  # the opacity of a whole row: words stay readable on it, by day and by night
ROW = 58
WRITTEN = 12  # beyond so many classes a cell is too small for words


def confusion_matrix(cells: pd.DataFrame) -> go.Figure:
    """Returns a square of shares of each label's cases, right ones on the diagonal.

    `cells` has the columns label, decision, n and `of`, the number of cases with that label.
    """
    names = list(dict.fromkeys(cells["label"]))
    counts = cells.pivot_table(index="label", columns="decision", values="n", sort=False).loc[names, names].to_numpy()
    sizes = cells.groupby("label")["of"].first().loc[names].to_numpy()
    shares = counts / np.maximum(sizes, 1)[:, None]
    same, hover = np.eye(len(names), dtype=bool), _hover(shares, counts, sizes, names)
    height = 90 + ROW * len(names) if len(names) <= WRITTEN else 640
    axis = {"tickvals": list(range(len(names))), "ticktext": [_short(name) for name in names], "showgrid": False}
    return sheet(
        height,
        [_squares(shares, hover, same, RIGHT), _squares(shares, hover, ~same, WRONG)],
        annotations=_words(shares, counts) if len(names) <= WRITTEN else [],
        xaxis=axis | {"side": "top", "title": {"text": "decided"}, "ticks": ""},
        yaxis=axis | {"title": {"text": "labelled"}, "autorange": "reversed"},
    )


def _hover(shares: Any, counts: Any, sizes: Any, names: list[str]) -> list[list[str]]:
    return [
        [f"<b>labelled {a}, decided {b}</b><br>{number(shares[i, j], 'share')} ({counts[i, j]:,.0f} of {sizes[i]:,.0f})"
         for j, b in enumerate(names)]
        for i, a in enumerate(names)
    ]  # fmt: skip


def _squares(shares: Any, hover: list[list[str]], where: Any, colour: str) -> Drawn:
    return {
        "type": "heatmap", "z": np.where(where, shares, np.nan), "zmin": 0, "zmax": 1, "showscale": False, "xgap": 3,
        "ygap": 3, "hoverongaps": False, "hoverinfo": "text", "hovertext": hover,
        "colorscale": [[0, f"rgba({colour}, 0.05)"], [1, f"rgba({colour}, {DEEPEST})"]],
    }  # fmt: skip


def _words(shares: Any, counts: Any) -> list[Drawn]:
    """Returns each cell's share of its row, the count below it; nothing where there is no case."""
    return [
        {"x": j, "y": i, "showarrow": False, "text": f"{number(shares[i, j], 'share')}<br>{counts[i, j]:,.0f}",
         "font": {"size": 13}}
        for i, j in np.ndindex(*counts.shape) if counts[i, j]
    ]  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}…"
