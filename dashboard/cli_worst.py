"""The command `worst`: whom does the model serve worst?"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dashboard.cli_options import Day, FormatOption, WorkspaceOption, counted, day, progress
from dashboard.cli_tables import write


def worst(
    model: str,
    workspace: WorkspaceOption = None,
    metric: Annotated[
        str | None, typer.Option(help="What is worst: accuracy (the default), true_positive_rate and other rates.")
    ] = None,
    depth: Annotated[int, typer.Option(help="How many conditions are crossed, 1 to 3.")] = 3,
    version: Annotated[str | None, typer.Option(help="A version; without it those in service together.")] = None,
    since: Day = None,
    until: Day = None,
    format: FormatOption = "table",
) -> None:
    """Find the groups that the model serves worst: discovered on the older days, confirmed on the newest.

    Protected attributes and features are crossed. --until is exclusive; days whose labels still come are left out.
    """
    from dashboard.report.worst_groups import COLUMNS
    from dashboard.report.worst_words import looked_at, sentence, spent

    about = counted(workspace, model)
    with progress("searching") as bar:
        found = about.worst_groups(metric, depth, bar, version=version, since=day(since), until=day(until))
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
