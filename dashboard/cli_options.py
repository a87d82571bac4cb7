"""What commands share: their options, the model they are about, a bar of progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dashboard.workspace import Model

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", envvar="EVENHAND_WORKSPACE", help="The workspace directory (default ./workspace)."),
]
FormatOption = Annotated[str, typer.Option("--format", help="table, json or csv.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


def day(moment: datetime | None) -> date | None:
    """Returns the date of a day that was typed, None where none was."""
    return moment.date() if moment else None


def model_of(workspace: Path | None, name: str) -> Model:
    """Returns a model of the workspace."""
    from dashboard.workspace import Workspace

    return Workspace(workspace).model(name)


def counted(workspace: Path | None, name: str) -> Model:
    """Returns a model whose rollup is read; says on stderr where that is behind."""
    found = model_of(workspace, name)
    if behind := found.behind():
        print(behind, file=sys.stderr)
    return found


@contextmanager
def progress(text: str) -> Iterator[Callable[[int, int], None]]:
    """Yields what draws a bar on stderr: called with how much is done, and of how much."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
