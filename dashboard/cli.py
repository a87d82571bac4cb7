"""The command line: parse, call, print, exit code. Results go to stdout, progress and advice to stderr."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dashboard.cli_audit import audit
from dashboard.cli_export import export
from dashboard.cli_importance import importance
from dashboard.cli_options import Day, FormatOption, WorkspaceOption, counted, day, model_of, progress
from dashboard.cli_tables import days, table, write
from dashboard.cli_why import why
from dashboard.cli_worst import worst
from dashboard.errors import EvenhandError

if TYPE_CHECKING:
    pass

app = typer.Typer(
    name="evenhand",
    help="Model health and fairness review, with a human signature at the end.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(audit, name="audit")
app.add_typer(export, name="export")

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

    found = model_of(workspace, model)
    options = {} if labels else {"again": again}
    failure: EvenhandError | None = None
    with progress("taking in") as bar:
        try:
            receipts = found.ingest(files, labels, progress=bar, **options)
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
    with progress("counting") as bar:
        built = model_of(workspace, model).rollup(everything, bar)
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

    found = counted(workspace, model)
    if as_of:
        found = found.as_of(as_of.date())
    scope = asked(found.scope, kind, metric, attribute, feature, version, day(since), day(until), by, versus)
    rows = [reading.as_dict() for reading in found.readings(scope)]
    if not rows:
        print(f"The log of '{model}' holds nothing of that from {scope.since} until {scope.until}.", file=sys.stderr)
    write(format, rows, COLUMNS)
    for line in advice(found.source(), scope):
        print(line, file=sys.stderr)


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

    found = counted(workspace, model)
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
def events(
    model: str, workspace: WorkspaceOption = None, since: Day = None, until: Day = None, format: FormatOption = "table"
) -> None:
    """Print what happened when: anomalies, changes, versions, columns, policies, sign-offs. --until is exclusive."""
    from dashboard.report.events import COLUMNS

    one = counted(workspace, model)
    found, feed = one.events(day(since), day(until)), one.feed()
    if format == "table" and feed.state == "ended":
        print(feed.sentence, file=sys.stderr)
    kept = COLUMNS if format != "table" else ("since", "until", "kind", "sentence")
    rows = [event.as_dict() for event in found]
    write(format, [{name: row[name] for name in kept} for row in rows], kept)


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


app.command()(why)
app.command()(worst)
app.command()(importance)


@app.command()
def doctor(workspace: WorkspaceOption = None) -> None:
    """Say what is installed, what the workspace holds, what is missing and what to do."""
    from dashboard.doctor import examine

    healthy = True
    for line in examine(workspace):
        print(f"{'ok ' if line.ok else '!! '} {line.text}")
        healthy = healthy and line.ok
    raise SystemExit(0 if healthy else 1)
