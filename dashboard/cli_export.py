"""The commands `export`: what leaves the workspace as a file, each recorded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli_options import WorkspaceOption
from dashboard.errors import EvenhandError

export = typer.Typer(help="Files that leave the workspace; each is recorded.", no_args_is_help=True)
NameOption = Annotated[str, typer.Option("--name", help="Who exports it: it stands in the record.")]


@export.command()
def evidence(
    model: str,
    name: NameOption,
    out: Annotated[Path, typer.Option(help="The zip to write.")],
    workspace: WorkspaceOption = None,
    version: Annotated[str | None, typer.Option(help="A version; without it, what was signed of all together.")] = None,
) -> None:
    """Write the evidence pack of the newest signature: report, tables, readings, receipts, a verifier. One zip."""
    from dashboard import settings
    from dashboard.pack import pack
    from dashboard.review.roles import typed

    made = pack(settings.read(workspace), model, version, typed(name))
    _write(out, made.content)
    print(f"manifest {made.digest}", file=sys.stderr)
    if not made.proved:
        print("Without receipts: there is no key. Make one: evenhand audit key NAME", file=sys.stderr)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise EvenhandError(f"{path} cannot be written: {error}", "A file in a folder that is there") from error
    print(path)
