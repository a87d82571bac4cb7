"""What leaves the record: a receipt for one act, the proof from one checkpoint to another, the record as lines.

Each is one file that can be checked without this program, by review/verifier.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dashboard.errors import EvenhandError
from dashboard.review import merkle
from dashboard.review.checkpoints import Checkpoint, Verifier, opened
from dashboard.review.proof import keyed_digest

FORMAT = "evenhand receipt 1"


class Line(NamedTuple):
    """One event as it stands in the record: what its digest covers (`canonical`), and what was written (`body`).

    The body is None where it was erased. `canonical` is empty where a column holds what no event can.
    """

    sequence: int
    canonical: str
    digest: str
    previous: str
    salt: str | None
    body: str | None
    body_digest: str


def export(lines: Iterable[Line]) -> Iterator[str]:
    """Yields the record as JSON lines, one event a line."""
    for line in lines:
        yield json.dumps(line._asdict(), ensure_ascii=False) + "\n"


def receipt(
    lines: Sequence[Line], sequence: int, checkpoint: str, verifiers: Sequence[Verifier], with_text: bool = False
) -> dict[str, Any]:
    """Returns the receipt for one event under a signed checkpoint, which may be older than the newest event.

    Without `with_text` it gives away who did what to which case, not what was written.
    """
    found = opened(checkpoint, verifiers)
    if not 1 <= sequence <= min(found.size, len(lines)):
        raise EvenhandError(
            f"Event {sequence} is not under the checkpoint of {found.size:,} events",
            f"1 to {min(found.size, len(lines)):,}",
            "Make a checkpoint first, if the event is newer",
        )
    leaves = leaves_of(lines[: found.size])
    if merkle.root(leaves) != found.root:
        raise EvenhandError("The checkpoint does not fit the record", "Run `evenhand audit verify` with it")
    line, proof = lines[sequence - 1], merkle.inclusion(leaves, sequence - 1)
    made: dict[str, Any] = {"format": FORMAT, "event": line.canonical, "index": sequence - 1}
    made |= {"proof": [_base64(part) for part in proof], "checkpoint": checkpoint}
    made["keys"] = [str(verifier) for verifier in verifiers]
    if with_text:
        if line.body is None:
            raise EvenhandError(f"What was written in event {sequence} was erased", todo="Leave the text out")
        made |= {"body": line.body, "salt": line.salt}
    return made


def check_receipt(receipt: Mapping[str, Any], verifiers: Sequence[Verifier]) -> Checkpoint:
    """Returns the checkpoint that the receipt's event is under, or says what does not fit.

    The keys in the receipt are for comparison only: whose they are must be known from elsewhere.
    """
    try:
        event, index = receipt["event"], int(receipt["index"])
        proof = [base64.b64decode(part, validate=True) for part in receipt["proof"]]
        text, body, salt = receipt["checkpoint"], receipt.get("body"), receipt.get("salt")
        kept, sequence = (json.loads(event)[name] for name in ("body_digest", "sequence"))
    except (KeyError, TypeError, ValueError) as error:
        raise EvenhandError(f"This is no receipt: {error}", "A file that `evenhand audit receipt` wrote") from error
    found = opened(text, verifiers)
    if sequence != index + 1 or not merkle.included(event.encode(), index, found.size, proof, found.root):
        raise EvenhandError(f"Event {index + 1} is not in the record of this checkpoint", "The proof does not fit")
    if body is not None and keyed_digest(salt or "", body) != kept:
        raise EvenhandError(f"What the receipt says was written in event {index + 1} was changed")
    return found


def proof_text(lines: Sequence[Line], old_size: int, new_size: int) -> str:
    """Returns the proof that the first `new_size` events continue the first `old_size`: `old SIZE`, a hash a line."""
    if not old_size <= new_size <= len(lines):
        raise EvenhandError(
            f"The record holds {len(lines):,} events, the checkpoints count {old_size:,} and {new_size:,}",
            "The older of them first, and none that counts more than there is",
        )
    proof = merkle.consistency(leaves_of(lines[:new_size]), old_size)
    return f"old {old_size}\n" + "".join(f"{_base64(part)}\n" for part in proof)


def proof_of(text: str) -> list[bytes]:
    """Returns the hashes of a consistency proof's text."""
    first, *rest = text.split("\n")
    try:
        if not first.removeprefix("old ").isdigit() or rest.pop() != "":
            raise ValueError("its form")
        return [base64.b64decode(line, validate=True) for line in rest]
    except (ValueError, IndexError) as error:
        raise EvenhandError("This is no proof", "A file that `evenhand audit prove` wrote") from error


def leaves_of(lines: Iterable[Line]) -> list[bytes]:
    """Returns the tree's leaves: the bytes that each event's digest covers."""
    return [line.canonical.encode() for line in lines]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
