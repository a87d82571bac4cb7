"""Is the new version better? The difference of two versions for everybody and for each group, around no difference."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import upright
from dashboard.charts.groups import dots
from dashboard.charts.words import group_name, in_order, missing

MARKS = {
    "better": "within",
    "worse": "outside",
    "unsure": "inconclusive",
    "too few": "cannot be computed",
    "cannot be computed": "cannot be computed",
}


def version_dots(differences: pd.DataFrame, champion: str) -> go.Figure:
    """Returns one metric's differences of versions: everybody on top, then a row for each group.

    `differences` has the columns of readings and `verdict`; the line at 0 is the version they are measured against.
    """
    rows = [{str(key): value for key, value in row.items()} for row in differences.to_dict("records")]
    for row in rows:
        row["state"] = MARKS.get(str(row["verdict"]))
    places = {group: place for place, group in enumerate(in_order(str(r["group"]) for r in rows))}
    rows.sort(key=lambda row: -1 if missing(row["group"]) else places[str(row["group"])])
    names = ["Everybody" if missing(row["group"]) else group_name(row["group"]) for row in rows]
    figure = dots(rows, names, (0.0, 0.0), None)
    upright(figure, 0.0, f"as {champion}")
    figure.update_layout(margin_t=28)
    return figure
