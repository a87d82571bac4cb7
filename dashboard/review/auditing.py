"""Is the record what it was? Its chain, its bodies, and its beginning against a checkpoint held elsewhere.

A chain alone shows careless changes only: who can write the file can compute every digest anew. That is why
without a checkpoint the answer is "could not check", never "intact".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.errors import EvenhandError
from dashboard.review.checkpoints import Checkpoint, Verifier, opened
from dashboard.review.ledger_rows import Row, canonical_event
from dashboard.review.merkle import Frontier
from dashboard.review.proof import NOTHING, keyed_digest, sha256
from dashboard.review.receipts import Line

INTACT, TAMPERED, COULD_NOT_CHECK, TOO_OLD = range(4)  # also the exit codes
SKEW = timedelta(minutes=10)  # how far two hosts' clocks may differ

CANNOT_DETECT = (
    "A change of events that came after the checkpoint held elsewhere.",
    "A rewrite by someone who also holds the private keys and every copy of the checkpoint.",
    "What was never recorded, or was recorded but is untrue.",
    "Whether a person is who the name says, where an event is marked as not verified.",
)


@dataclass(frozen=True)
class Audit:
    """What was found: `code` is one of the four above, `broken` what is wrong, `says` what it comes to, in words."""

    code: int
    events: int
    root: bytes
    broken: tuple[str, ...]
    says: str
    checkpoint: Checkpoint | None = None
    cannot_detect: tuple[str, ...] = CANNOT_DETECT

    def lines(self) -> list[str]:
        """Returns the result as sentences, what it comes to first."""
        limits = (f"- {sentence}" for sentence in self.cannot_detect)
        return [self.says, *self.broken, f"Root: {self.root.hex()}", "What this cannot detect:", *limits]


def audit(
    rows: Iterable[Line],
    kept: str | None,
    verifiers: Sequence[Verifier],
    now: datetime,
    max_age: timedelta | None = None,
    faults: Iterable[str] = (),
) -> Audit:
    """Returns whether the record is intact, against `kept`, the text of a checkpoint held elsewhere.

    Every key in `verifiers` must have signed it. `faults` are sentences found by other means, such as lost guards.
    """
    checkpoint, cannot = _opened(kept, verifiers)
    tree, last, beginning, broken = Frontier(), NOTHING, None, list(faults)
    if checkpoint is not None and checkpoint.size == 0:
        beginning = tree.root()
    emptied, erased = set[int](), set[int]()
    for line in rows:
        emptied |= {line.sequence} if line.body == "" else set()
        erased |= _erases(line)
        broken += [f"Event {line.sequence} {what}." for what in line_faults(line, tree.size + 1, last)]
        tree.add(line.canonical.encode())
        last = line.digest
        if checkpoint is not None and tree.size == checkpoint.size:
            beginning = tree.root()
    if checkpoint is not None and beginning != checkpoint.root:
        broken.append(_other_beginning(checkpoint, tree.size))
    broken += [f"Event {n} lost what was written, and no event says it was erased." for n in sorted(emptied - erased)]
    code, says = _verdict(broken, tree.size, checkpoint, cannot, now, max_age)
    return Audit(code, tree.size, tree.root(), tuple(dict.fromkeys(broken)), says, checkpoint)


def line_faults(line: Line, sequence: int, previous: str) -> list[str]:
    """Returns, in words, what is wrong with one event, given the place and the digest that come before it."""
    faults = []
    if line.sequence != sequence:
        faults.append(f"stands where event {sequence} is expected")
    if line.previous != previous:
        faults.append("does not follow from the event before it")
    if sha256(line.canonical) != line.digest or not _agrees(line):
        faults.append("was changed: its digest does not fit")
    if line.body is None:
        faults.append("lost its body")
    elif line.body and not _body_fits(line):  # an empty one was erased, if a later event says so
        faults.append("had its body changed")
    return faults


def lines_of(rows: Iterable[Row]) -> Iterator[Line]:
    """Yields the ledger's rows as lines."""
    for row in rows:
        try:
            canonical = canonical_event(row)
        except (EvenhandError, ValueError, TypeError, AttributeError):  # a column holds what no event can
            canonical = ""
        same = (row[name] for name in ("digest", "previous", "salt", "body", "body_digest"))
        yield Line(row["sequence"], canonical, *same)


def _erases(line: Line) -> set[int]:
    """Returns the event whose text this one says was erased, if it does."""
    if '"kind":"erased"' not in line.canonical:
        return set()
    return {int(json.loads(json.loads(line.canonical)["subject"])["sequence"])}


def _agrees(line: Line) -> bool:
    """Returns whether what the digest covers is what stands beside it: matters where the lines come from a file."""
    try:
        event = json.loads(line.canonical)
        inside = tuple(event[name] for name in ("sequence", "previous", "body_digest"))
        return bool(inside == (line.sequence, line.previous, line.body_digest))
    except (ValueError, KeyError, TypeError):
        return False


def _body_fits(line: Line) -> bool:
    try:
        return keyed_digest(line.salt or "", line.body or "") == line.body_digest
    except (ValueError, TypeError, AttributeError):
        return False


def _opened(kept: str | None, verifiers: Sequence[Verifier]) -> tuple[Checkpoint | None, str]:
    """Returns the checkpoint, or None and why there is none to compare with."""
    if kept is None:
        return None, "no checkpoint held elsewhere was given"
    if not verifiers:
        return None, "no public key was given, so nobody vouches for the checkpoint"
    try:
        found = opened(kept, verifiers)
    except EvenhandError as error:
        return None, f"the checkpoint cannot be used: {error}"
    missing = {verifier.name for verifier in verifiers} - {signer.name for signer in found.signers}
    if missing:
        return None, f"the checkpoint is not signed by {', '.join(sorted(missing))}"
    return found, ""


def _other_beginning(checkpoint: Checkpoint, events: int) -> str:
    if events < checkpoint.size:
        return f"The checkpoint counts {checkpoint.size:,} events, and {events:,} are left."
    return (
        f"The first {checkpoint.size:,} events are not those of the checkpoint: the record was rewritten, "
        f"or the checkpoint is of another record (it says '{checkpoint.origin}')."
    )


def _verdict(
    broken: Sequence[str],
    events: int,
    checkpoint: Checkpoint | None,
    cannot: str,
    now: datetime,
    max_age: timedelta | None,
) -> tuple[int, str]:
    """Returns the code and what it comes to, in a sentence."""
    if broken:
        return TAMPERED, "The record is broken."
    if checkpoint is None:
        chain = f"The chain of {events:,} events fits together, which whoever can write the file can bring about."
        return COULD_NOT_CHECK, f"Could not check: {cannot.rstrip('.')}. {chain}"
    since, newer = checkpoint.since(), events - checkpoint.size
    says = f"The first {checkpoint.size:,} events are complete and unchanged since the checkpoint {_of(checkpoint)}"
    after = f"; {newer:,} came after it, held by the chain alone." if newer else ", and nothing came after it."
    if max_age is not None and (since is None or since > now + SKEW):
        what = "says no time" if since is None else "is of the future"
        return COULD_NOT_CHECK, f"Could not check: the checkpoint {what}, so its age cannot be told."
    if max_age is not None and since is not None and now - since > max_age:
        return TOO_OLD, f"The checkpoint is older than {max_age / timedelta(days=1):g} days. {says}{after}"
    return INTACT, says + after


def _of(checkpoint: Checkpoint) -> str:
    at = checkpoint.since()
    day = f"of {at:%d %b %Y, %H:%M} UTC, " if at else ""
    return f"{day}signed by {' and '.join(signer.name for signer in checkpoint.signers)}"
