"""The commands `export`: what leaves the workspace as a file, each recorded."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.cli_audit import account
from dashboard.cli_options import WorkspaceOption
from dashboard.errors import EvenhandError

if TYPE_CHECKING:
    from dashboard.review.roles import Person
    from dashboard.settings import Settings

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

    given = settings.read(workspace)
    made = pack(given, model, version, _by(given, name))
    _write(out, made.content)
    print(f"manifest {made.digest}", file=sys.stderr)
    if not made.proved:
        print("Without receipts: there is no key. Make one: evenhand audit key NAME", file=sys.stderr)


@export.command()
def feedback(
    model: str,
    name: NameOption,
    out: Annotated[Path, typer.Option(help="The file to write: .parquet or .csv.")],
    use: Annotated[list[str], typer.Option("--for", help="train or evaluate; a file is for one of them.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Write what people settled, with weights 1/pi: for training or for evaluation, each subject for ever one."""
    from dashboard import settings
    from dashboard.feedback import export as write

    if len(use) != 1:
        raise EvenhandError("Asked for both in one file", "Training and evaluation never share one", "Ask twice")
    given = settings.read(workspace)
    found = write(given, model, use[0], out, _by(given, name))
    print(out)
    print(f"{len(found.rows):,} cases to {found.use}; {found.other:,} are for the other use", file=sys.stderr)
    if found.gone:
        print(f"{found.gone:,} settled cases are no longer in the log", file=sys.stderr)


def _by(given: Settings, name: str) -> Person:
    """Returns who exports: as typed, or the machine's account where acts need somebody who is known."""
    from dashboard.review.roles import rules, typed

    machine = account("service")
    return replace(machine, name=f"{name}, as {machine.name}") if rules(given.tables).login else typed(name)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise EvenhandError(f"{path} cannot be written: {error}", "A file in a folder that is there") from error
    print(path)
