"""The command `why`: why a rate changed, why two groups differ, why that changed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dashboard.cli_options import Day, FormatOption, WorkspaceOption, counted, day
from dashboard.cli_tables import write


def why(
    model: str,
    metric: str,
    by: Annotated[str, typer.Option(help="An attribute, an intersection (sex*age_band), or version.")],
    workspace: WorkspaceOption = None,
    since: Day = None,
    until: Day = None,
    before_since: Day = None,
    before_until: Day = None,
    version: Annotated[str | None, typer.Option(help="A version.")] = None,
    before_version: Annotated[str | None, typer.Option(help="Another version to compare it with.")] = None,
    gap: Annotated[str | None, typer.Option(help="The gap of a group to the reference instead: sex=F.")] = None,
    format: FormatOption = "table",
) -> None:
    """Say why a rate changed: other shares of the groups, or another rate within them. Untils are exclusive.

    Without days: the window that is judged, against as many days before it. With --gap: why two groups differ; with
    --before-since or --before-until: why that changed.
    """
    from dashboard.workspace_why import explained

    now, before = (day(since), day(until)), (day(before_since), day(before_until))
    told, rows = explained(counted(workspace, model), metric, by, now, before, (version, before_version), gap)
    print(told, file=sys.stdout if format == "table" else sys.stderr)
    write(format, rows)
