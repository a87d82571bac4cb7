"""The commands `audit`: is the record of acts intact, and what is needed to show that to others."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.cli_options import WorkspaceOption
from dashboard.errors import EvenhandError

if TYPE_CHECKING:
    from dashboard.review.checkpoints import Key, Verifier
    from dashboard.review.receipts import Line
    from dashboard.review.roles import Person

COULD_NOT_CHECK = 2  # of verify alone: 3, with which other commands end, says here that the checkpoint is too old

audit = typer.Typer(help="The record of what people did: is it intact?", no_args_is_help=True)
KeyOption = Annotated[
    list[str] | None,
    typer.Option("--verifier", help="A public key, or a file of one a line; every one must have signed."),
]
OutOption = Annotated[Path | None, typer.Option("--out", help="The file to write; without it, printed.")]


@audit.command()
def verify(
    workspace: WorkspaceOption = None,
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint that was held elsewhere.")] = None,
    verifier: KeyOption = None,
    max_age: Annotated[float | None, typer.Option(help="How many days old it may be.")] = None,
) -> None:
    """Say whether the record is intact. Exit code 0: intact; 1: tampered; 2: could not check; 3: checkpoint too old.

    Without a checkpoint held elsewhere the answer is 2 at best: a record cannot prove itself.
    """
    from dashboard import settings
    from dashboard.review.auditing import audit, lines_of
    from dashboard.review.checkpoints import read
    from dashboard.review.ledger import of

    try:
        ledger, keys = of(settings.read(workspace)), _verifiers(workspace, verifier)
        kept, age = (read(checkpoint) if checkpoint else None), (None if max_age is None else timedelta(days=max_age))
        found = audit(lines_of(ledger.rows()), kept, keys, datetime.now(UTC), age, ledger.verify().broken)
    except EvenhandError as error:
        print(f"Could not check: {error}", file=sys.stderr)
        raise SystemExit(COULD_NOT_CHECK) from error
    for line in found.lines():
        print(line)
    raise SystemExit(found.code)


@audit.command()
def key(name: str, workspace: WorkspaceOption = None, out: OutOption = None) -> None:
    """Make the key that signs checkpoints, and print its public half. NAME: such as hospital.example/evenhand."""
    from dashboard.review.checkpoints import key_file, new_key

    path = out or _key_path(workspace)
    made = new_key(name)
    key_file(path, made)
    _give(path.with_suffix(".pub"), f"{made.verifier}\n")
    print(made.verifier)
    print(f"{path} is the private half: keep it from whoever could rewrite the record.", file=sys.stderr)


@audit.command()
def checkpoint(
    workspace: WorkspaceOption = None,
    key: Annotated[Path | None, typer.Option(help="The private key (default: audit.key in the workspace).")] = None,
    out: OutOption = None,
) -> None:
    """Sign how many events there are and the root over them; keep what comes out on another host."""
    from dashboard.review import merkle
    from dashboard.review.checkpoints import Checkpoint, signed
    from dashboard.review.receipts import leaves_of

    signing = _key(workspace, key)
    leaves = leaves_of(_sound(workspace))
    made = Checkpoint(signing.name, len(leaves), merkle.root(leaves), datetime.now(UTC))
    _give(out, signed(made, signing))


@audit.command()
def prove(
    since: Annotated[Path, typer.Option("--from", help="The older checkpoint.")],
    workspace: WorkspaceOption = None,
    to: Annotated[Path | None, typer.Option(help="The newer one; without it, all that is recorded now.")] = None,
    out: OutOption = None,
) -> None:
    """Prove that the record continues an older checkpoint: what a witness asks for."""
    from dashboard.review import merkle
    from dashboard.review.checkpoints import body_of, read, unsigned
    from dashboard.review.receipts import leaves_of, proof_text

    lines, old = _lines(workspace), unsigned(body_of(read(since)))
    newer = unsigned(body_of(read(to))).size if to else len(lines)
    if merkle.root(leaves_of(lines[: old.size])) != old.root:
        raise EvenhandError(
            f"The first {old.size:,} events are not those of {since}", "The record was rewritten, or it is of another"
        )
    _give(out, proof_text(lines, old.size, newer))


@audit.command()
def receipt(
    number: int,
    checkpoint: Annotated[Path, typer.Option(help="A signed checkpoint that counts the event.")],
    workspace: WorkspaceOption = None,
    with_text: Annotated[bool, typer.Option("--with-text", help="With what was written, and its salt.")] = False,
    verifier: KeyOption = None,
    out: OutOption = None,
) -> None:
    """Write the receipt of one act: with it anybody can check that the record holds the act, as it stands there."""
    from dashboard.review.checkpoints import read
    from dashboard.review.receipts import receipt

    made = receipt(_lines(workspace), number, read(checkpoint), _verifiers(workspace, verifier), with_text)
    _give(out, json.dumps(made, indent=1, ensure_ascii=False) + "\n")


@audit.command()
def witness(
    state: Annotated[Path, typer.Option(help="The folder that this witness keeps.")],
    checkpoint: Annotated[Path | None, typer.Argument(help="The checkpoint to sign.")] = None,
    proof: Annotated[Path | None, typer.Argument(help="What `prove` wrote; not needed the first time.")] = None,
    name: Annotated[str | None, typer.Option(help="With --log: make the witness, under this name.")] = None,
    log: Annotated[str | None, typer.Option(help="The public key of the record that it is to watch.")] = None,
    out: OutOption = None,
) -> None:
    """Sign a checkpoint as a witness, on a host of its own, if it continues the last one that was signed here."""
    from dashboard.review import witness
    from dashboard.review.checkpoints import read
    from dashboard.review.receipts import proof_of

    if bool(name) != bool(log):
        raise EvenhandError("A new witness needs --name and --log", "Its own name, and the public key of the record")
    if name and log:
        print(witness.start(state, name, _public(log)[0]).key.verifier)
    elif checkpoint is None:
        print(witness.state_of(state).key.verifier)
    if checkpoint:
        _give(out, witness.sign(state, read(checkpoint), proof_of(read(proof)) if proof else []))


@audit.command()
def export(file: Path, workspace: WorkspaceOption = None) -> None:
    """Write the whole record as JSON lines, for an auditor with the one-file verifier."""
    from dashboard.review.receipts import export as lines_of_json

    lines = _lines(workspace)
    _give(file, "".join(lines_of_json(lines)))
    print(f"{len(lines):,} events", file=sys.stderr)


@audit.command()
def rebuild(
    workspace: WorkspaceOption = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong.")] = False,
) -> None:
    """Make the current states (cases, releases) again from the events. With --check only say: exit code 1 if wrong."""
    from dashboard import settings
    from dashboard.review.ledger import of

    wrong = of(settings.read(workspace)).rebuild(check=check)
    for sentence in wrong:
        print(sentence)
    states = "is what the events say" if not wrong else "was not what the events say" + ("" if check else "; now it is")
    print(f"{'Every state' if not wrong else f'{len(wrong)} of the states'} {states}.")
    raise SystemExit(1 if wrong and check else 0)


@audit.command()
def erase(
    number: int,
    why: Annotated[str, typer.Option(help="Why the text has to go: kept in the record.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Erase the text of one flag. The event stays, and the record still verifies."""
    from dashboard import settings
    from dashboard.review.events import Event, free_text, new_id
    from dashboard.review.ledger import of

    ledger = of(settings.read(workspace))
    found = next((one for one in ledger.rows() if one["sequence"] == number), None)
    if found is None:
        raise EvenhandError(f"There is no event {number}", todo="See the Audit page")
    told = {"why": free_text(why, "The reason", 1000)}
    subject = {"sequence": str(number)}
    ledger.append(Event(new_id(), "erased", "", "admin", found["model"], None, subject, told), account("admin"))
    print(f"The text of event {number} is gone; that it was erased is on record.")


def account(role: str) -> Person:
    """Returns who runs this command: the machine's account, which already reads and writes the workspace's files."""
    import getpass
    import socket

    from dashboard.review.roles import Person

    name = getpass.getuser()
    who = f"account|{socket.gethostname()}|{name}"
    return Person(name, frozenset({role}), who, "an account of the machine", datetime.now(UTC))


def _lines(workspace: Path | None) -> list[Line]:
    from dashboard import settings
    from dashboard.review.auditing import lines_of
    from dashboard.review.ledger import of

    return list(lines_of(of(settings.read(workspace)).rows()))


def _sound(workspace: Path | None) -> list[Line]:
    """Returns the record where its chain holds: a checkpoint of a broken one would vouch for the damage."""
    from dashboard.review.auditing import audit

    lines = _lines(workspace)
    if broken := audit(lines, None, (), datetime.now(UTC)).broken:
        raise EvenhandError(f"The record is broken: {broken[0]}", todo="See all of it: evenhand audit verify")
    return lines


def _key_path(workspace: Path | None) -> Path:
    from dashboard.settings import workspace_path

    return workspace_path(workspace) / "audit.key"


def _key(workspace: Path | None, given: Path | None) -> Key:
    from dashboard.review.checkpoints import read_key

    path = given or _key_path(workspace)
    if not path.exists():
        raise EvenhandError(f"There is no key {path}", todo="Make one: evenhand audit key NAME")
    return read_key(path)


def _verifiers(workspace: Path | None, given: list[str] | None) -> list[Verifier]:
    """Returns the public keys given, else the one beside the workspace's key."""
    beside = _key_path(workspace).with_suffix(".pub")
    texts = given or ([str(beside)] if beside.exists() else [])
    return [key for text in texts for key in _public(text)]


def _public(text: str) -> list[Verifier]:
    from dashboard.review.checkpoints import read, verifier_of

    lines = read(Path(text)).splitlines() if Path(text).exists() else [text]
    return [verifier_of(line) for line in lines if line.strip()]


def _give(out: Path | None, text: str) -> None:
    """Does write a result to its file, or to stdout."""
    if out is None:
        print(text, end="")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EvenhandError(f"{out} cannot be written: {error}", "A file in a folder that is there") from error
    print(out, file=sys.stderr)
