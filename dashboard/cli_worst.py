"""The command `worst`: whom does the model serve worst?"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli_tables import write


def worst(
    model: str,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", envvar="EVENHAND_WORKSPACE", help="The workspace directory (default ./workspace)."),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="What is worst: accuracy (the default), true_positive_rate and other rates.")
    ] = None,
    depth: Annotated[int, typer.Option(help="How many conditions are crossed, 1 to 3.")] = 3,
    version: Annotated[str | None, typer.Option(help="A version; without it those in service together.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    format: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
) -> None:
    """Find the groups that the model serves worst: discovered on the older days, confirmed on the newest.

    Protected attributes and features are crossed. --until is exclusive; days whose labels still come are left out.
    """
    from dashboard.cli import _counted, _progress
    from dashboard.report.worst_groups import COLUMNS
    from dashboard.report.worst_words import looked_at, sentence, spent

    asked = {name: day.date() if day else None for name, day in (("since", since), ("until", until))}
    counted = _counted(workspace, model)
    with _progress("searching") as progress:
        found = counted.worst_groups(metric, depth, progress, version=version, **asked)
    print(sentence(found), file=sys.stdout if format == "table" else sys.stderr)
    rows = found.records()
    write(format, rows if format != "table" else [_short(row) for row in rows], COLUMNS)
    told = looked_at(found) if found.status in ("found", "none") else []
    for line in (*told, spent(found)) if found.searched.tried else told:
        print(line, file=sys.stderr)


SHORT = ("group", "value", "low", "high", "n", "rest", "difference", "corrected_p", "share_of_errors", "discovered")


def _short(row: dict[str, object]) -> dict[str, object]:
    """Returns what of a record fits on a line."""
    return {name: row[name] for name in SHORT}
