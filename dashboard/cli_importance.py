"""The command `importance`: how much does each input count?"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from dashboard.cli_options import FormatOption, WorkspaceOption, counted
from dashboard.cli_tables import write
from dashboard.errors import EvenhandError


def importance(
    model: str,
    workspace: WorkspaceOption = None,
    version: Annotated[str | None, typer.Option(help="A version; without it those in service together.")] = None,
    format: FormatOption = "table",
) -> None:
    """Say how much each input counts in the reference window: by logged attributions, else by a surrogate."""
    found = counted(workspace, model).importance(version)
    if found is None:
        raise EvenhandError(
            f"How much the inputs of '{model}' count cannot be said",
            "Attributions in the log, or 200 cases of the reference with inputs and an answer",
            "Name features, and columns under [attributions], in contract.toml",
        )
    write(format, [asdict(one) for one in found.of], ("feature", "share", "low", "high"))
    fit = "" if found.fit is None else f", R2 {found.fit:.2f} on rows held out"
    print(f"{found.source}: {found.rows:,} rows of the reference{fit}", file=sys.stderr)
    if found.caveat:
        print(found.caveat, file=sys.stderr)
