"""A witness: on another host, it signs checkpoints of one record as long as each continues the one before.

It sees no events. It keeps the origin, size and root it signed last, the record's public key and its own key,
in one file; who would rewrite the record needs this file too. Source: c2sp.org/tlog-witness, its rules.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dashboard.errors import EvenhandError
from dashboard.review.checkpoints import COSIGNED, Key, Verifier, cosigned, key_of, new_key, opened, read, verifier_of
from dashboard.review.merkle import EMPTY, consistent

FILE = "witness.json"


@dataclass(frozen=True)
class State:
    """What a witness knows: whose checkpoints it signs, and the last one that it signed."""

    key: Key
    log: Verifier
    size: int = 0
    root: bytes = EMPTY


def cosign(state: State, text: str, proof: Sequence[bytes], now: datetime) -> tuple[State, str]:
    """Returns the new state and the checkpoint with the witness's line, or says why it will not sign.

    The state must be kept before the text is given away.
    """
    found = opened(text, [state.log])
    if found.origin != state.log.name:
        raise EvenhandError(f"The checkpoint is of '{found.origin}'", f"This witness signs '{state.log.name}' only")
    if found.size < state.size:
        raise EvenhandError(
            f"The checkpoint counts {found.size:,} events, {state.size:,} were there before",
            "A record only grows: events were cut off, or an old checkpoint was brought",
            "Bring the newest checkpoint; if it is, keep both and tell whoever answers for the record",
        )
    if not consistent(state.size, state.root, found.size, found.root, proof):
        again = found.size == state.size or bool(proof)
        raise EvenhandError(
            f"That the first {state.size:,} events are unchanged was not shown",
            "The record was rewritten, or the proof is of other checkpoints" if again else "A proof comes with it",
            f"Make the proof from the checkpoint of {state.size:,} events, with `evenhand audit prove`",
        )
    return replace(state, size=found.size, root=found.root), cosigned(text, state.key, now)


def start(folder: Path, name: str, log: Verifier) -> State:
    """Does make a witness's folder with a new key, and returns its state; a witness that is there is kept."""
    with _alone(folder, make=True):
        if (folder / FILE).exists():
            raise EvenhandError(f"{folder} holds a witness already", "One folder for each", "Choose another folder")
        state = State(new_key(name, COSIGNED), log)
        _write(folder, state)
    return state


def sign(folder: Path, text: str, proof: Sequence[bytes], now: datetime | None = None) -> str:
    """Returns the checkpoint signed by the witness in that folder; what it signed is on the disk before."""
    with _alone(folder):
        state, signed = cosign(state_of(folder), text, proof, now or datetime.now(UTC))
        _write(folder, state)
    return signed


def state_of(folder: Path) -> State:
    """Returns what the witness in a folder knows."""
    try:
        kept = json.loads(read(folder / FILE))
        root = base64.b64decode(kept["root"], validate=True)
        return State(key_of(kept["key"]), verifier_of(kept["log"]), int(kept["size"]), root)
    except (ValueError, KeyError, TypeError) as error:
        raise EvenhandError(f"{folder / FILE} is damaged: {error}", "What this program wrote there") from error


@contextmanager
def _alone(folder: Path, make: bool = False) -> Iterator[None]:
    """Does let one process at a time use the folder: two at once could sign two histories."""
    if not make and not folder.is_dir():
        raise EvenhandError(
            f"There is no witness in {folder}",
            todo="Make one: evenhand audit witness --state DIR --name NAME --log KEY",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise EvenhandError(f"{folder} cannot be used: {error}", "A folder that may be written to") from error


def _write(folder: Path, state: State) -> None:
    """Does replace the state whole, on the disk when it returns."""
    kept = {"key": state.key.text(), "log": str(state.log), "size": state.size}
    kept["root"] = base64.b64encode(state.root).decode()
    part = folder / f"{FILE}.part"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps(kept, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / FILE)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
