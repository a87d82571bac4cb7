"""The command line: parse, call, print, exit code. Results go to stdout, progress and advice to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from dashboard.cli_tables import days, table, write
from dashboard.errors import EvenhandError

if TYPE_CHECKING:
    from dashboard.workspace import Model

app = typer.Typer(
    name="evenhand",
    help="Model health and fairness review, with a human signature at the end.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
audit = typer.Typer(help="The record of what people did: is it intact?", no_args_is_help=True)
app.add_typer(audit, name="audit")

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", envvar="EVENHAND_WORKSPACE", help="The workspace directory (default ./workspace)."),
]
FormatOption = Annotated[str, typer.Option("--format", help="table, json or csv.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]
COULD_NOT_RUN = 3
# A wrong command line (Click's UsageError, wherever typer keeps it) is one that could not run; 2 says "can't be told".
typer.BadParameter.__mro__[1].exit_code = COULD_NOT_RUN  # type: ignore[attr-defined]


def main() -> None:
    """Does run the command line; what could not be done is said in one sentence, with exit code 3."""
    try:
        app(standalone_mode=True)
    except EvenhandError as error:
        _fail(error)
    except BrokenPipeError:
        sys.stderr.close()


def _fail(error: Exception) -> NoReturn:
    print(f"evenhand: {error}", file=sys.stderr)
    raise SystemExit(COULD_NOT_RUN)


def _model(workspace: Path | None, name: str) -> Model:
    from dashboard.workspace import Workspace

    return Workspace(workspace).model(name)


def _counted(workspace: Path | None, name: str) -> Model:
    """Returns a model whose rollup is read; says on stderr where that is behind."""
    found = _model(workspace, name)
    if behind := found.behind():
        print(behind, file=sys.stderr)
    return found


@contextmanager
def _progress(text: str) -> Iterator[Callable[[int, int], None]]:
    """Yields what draws a bar on stderr: called with how much is done, and of how much."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@app.command()
def init(
    model: str,
    file: Path,
    workspace: WorkspaceOption = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a contract or policy that is there.")] = False,
) -> None:
    """Propose contract.toml and policy.toml from a file, and say what was guessed and how sure it is."""
    from dashboard import ingest, settings
    from dashboard.contract import render

    paths = settings.read(workspace).model(model)
    proposal = ingest.propose(file, model)
    settings.make_folder(paths.root)
    for path, text in ((paths.contract, render(proposal.contract)), (paths.policy, proposal.policy)):
        if path.exists() and not overwrite:
            print(f"{path} is there already and was left as it is (--overwrite replaces it).", file=sys.stderr)
            continue
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise settings.cannot_write(path, error) from error
        print(path)
    table({"column": g.column, "role": g.role, "sure": g.confidence, "why": g.why} for g in proposal.guesses)
    print(f"\nRead both files and correct what is wrong. Then: evenhand ingest {model} {file}", file=sys.stderr)


@app.command()
def ingest(
    model: str,
    files: list[str],
    workspace: WorkspaceOption = None,
    labels: Annotated[bool, typer.Option("--labels", help="The files hold labels that came later.")] = False,
    again: Annotated[bool, typer.Option(help="Take content in again, after a wrong contract was corrected.")] = False,
) -> None:
    """Take predictions (or --labels) into the log: Parquet, CSV, CSV.gz, JSON lines; files or globs."""
    from dashboard.ingest import IntakeError

    found = _model(workspace, model)
    options = {} if labels else {"again": again}
    failure: EvenhandError | None = None
    with _progress("taking in") as progress:
        try:
            receipts = found.ingest(files, labels, progress=progress, **options)
        except IntakeError as error:
            receipts, failure = error.receipts, error
    for receipt in receipts:
        print(
            f"{receipt.source}: {receipt.accepted:,} accepted, {receipt.repeated:,} repeated, "
            f"{receipt.rejected:,} rejected"
        )
        for reason, count in receipt.reasons.items():
            print(f"  {count:,} rejected: {reason}")
        for note in receipt.notes:
            print(f"  {note}", file=sys.stderr)
    if failure:
        _fail(failure)
    print(f"Next: evenhand rollup {model}", file=sys.stderr)


@app.command()
def rollup(
    model: str,
    workspace: WorkspaceOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Count every day again.")] = False,
    engine: Annotated[str, typer.Option(help="duckdb; spark comes with the extra of that name.")] = "duckdb",
) -> None:
    """Refresh the counts of the days that new rows or labels touch."""
    if engine != "duckdb":
        raise EvenhandError(f"The engine '{engine}' is not there yet", "duckdb", "Leave --engine out")
    with _progress("counting") as progress:
        built = _model(workspace, model).rollup(everything, progress)
    for note in built.notes:
        print(note, file=sys.stderr)
    if built.days:
        print(f"rollup {built.number}: {len(built.days)} days, {built.rows:,} rows counted in {built.seconds:.1f} s")
    else:
        print(f"rollup {built.number}: nothing new")


@app.command()
def readings(
    model: str,
    workspace: WorkspaceOption = None,
    kind: Annotated[list[str] | None, typer.Option(help="performance, fairness, drift, service or data.")] = None,
    metric: Annotated[list[str] | None, typer.Option(help="A metric's name; may be repeated.")] = None,
    attribute: Annotated[list[str] | None, typer.Option(help="An attribute, or an intersection: sex*age_band.")] = None,
    feature: Annotated[list[str] | None, typer.Option(help="A feature, score, decision, label; endpoint=*")] = None,
    version: Annotated[str | None, typer.Option(help="A version, or * for each by itself.")] = None,
    since: Day = None,
    until: Day = None,
    by: Annotated[str | None, typer.Option(help="day, week or month.")] = None,
    versus: Annotated[str | None, typer.Option(help="How --version differs from this other version.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As it was known when this day began.")
    ] = None,
    format: FormatOption = "table",
) -> None:
    """Print the numbers, each with n and its 95 % interval. --until is exclusive.

    Without --until, what needs labels is read up to the day from which on labels are still coming.
    """
    from dashboard.report import COLUMNS
    from dashboard.report.asked import asked
    from dashboard.report.labels import advice

    found = _counted(workspace, model)
    if as_of:
        found = found.as_of(as_of.date())
    scope = asked(found.scope, kind, metric, attribute, feature, version, _day(since), _day(until), by, versus)
    rows = [reading.as_dict() for reading in found.readings(scope)]
    if not rows:
        print(f"The log of '{model}' holds nothing of that from {scope.since} until {scope.until}.", file=sys.stderr)
    write(format, rows, COLUMNS)
    for line in advice(found.source(), scope):
        print(line, file=sys.stderr)


def _day(moment: datetime | None) -> Any:
    return moment.date() if moment else None


@app.command()
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

    now, before = (_day(since), _day(until)), (_day(before_since), _day(before_until))
    told, rows = explained(_counted(workspace, model), metric, by, now, before, (version, before_version), gap)
    print(told, file=sys.stdout if format == "table" else sys.stderr)
    write(format, rows)


@app.command()
def check(
    model: str,
    workspace: WorkspaceOption = None,
    every_window: Annotated[
        bool, typer.Option("--every-window", help="What ever left its range, in which window first.")
    ] = False,
    format: FormatOption = "table",
) -> None:
    """Judge the policy. Exit code 0: all within; 1: something outside; 2: something can't be told; 3: could not run.

    With --every-window what is printed is of all scheduled windows, the exit code still of the current ones.
    """
    from dashboard.policy import exit_code

    found = _counted(workspace, model)
    findings = found.findings()
    shown = found.first_outside() if every_window else findings
    if format != "table":
        write(format, [finding.as_dict() for finding in shown])
    for finding in shown if format == "table" else ():
        print(f"{days(finding.since, finding.until) if every_window else finding.state:>18}  {finding.sentence}")
    if every_window and not shown:
        print(f"Nothing has left its range in {len(found.plan().every())} windows.", file=sys.stderr)
    raise SystemExit(exit_code(findings))


@app.command()
def serve(
    workspace: WorkspaceOption = None,
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8501,
    host: Annotated[str, typer.Option(help="The address to listen on: this machine's own, unless you choose.")] = (
        "127.0.0.1"
    ),
    open_browser: Annotated[bool, typer.Option("--open", help="Open the dashboard in a browser.")] = False,
) -> None:
    """Open the dashboard of a workspace."""
    from dashboard.settings import workspace_path
    from dashboard.ui.server import serve as run

    run(workspace_path(workspace), host=host, port=port, open_browser=open_browser)


@app.command()
def demo(
    workspace: WorkspaceOption = None,
    build_only: Annotated[
        bool, typer.Option("--build-only", help="Build the sample workspace, do not open it.")
    ] = False,
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8501,
) -> None:
    """Build the sample workspace if it is missing, and open the dashboard."""
    from dashboard.demo import build

    for step in build(workspace):
        print(step, file=sys.stderr)
    if not build_only:
        serve(workspace, port, open_browser=sys.stdout.isatty())


@audit.command()
def verify(workspace: WorkspaceOption = None) -> None:
    """Say whether the record of acts is intact, and what this cannot detect."""
    from dashboard import settings
    from dashboard.review.ledger import Ledger

    found = Ledger(settings.read(workspace).ledger).verify()
    print(f"{found.events:,} events, {'none changed, none missing' if found.intact else 'and the record is broken'}")
    for fault in found.broken:
        print(fault)
    print("What this check cannot detect:")
    for limit in found.cannot_detect:
        print(f"- {limit}")
    raise SystemExit(0 if found.intact else 1)


@app.command()
def doctor(workspace: WorkspaceOption = None) -> None:
    """Say what is installed, what the workspace holds, what is missing and what to do."""
    from dashboard.doctor import examine

    healthy = True
    for line in examine(workspace):
        print(f"{'ok ' if line.ok else '!! '} {line.text}")
        healthy = healthy and line.ok
    raise SystemExit(0 if healthy else 1)
