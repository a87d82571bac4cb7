"""A checkpoint: how many events there are and the root over them, signed; whoever holds one can tell a rewrite.

The text is that of C2SP's tlog-checkpoint and signed-note; a witness signs it as C2SP's cosignature/v1 does,
with the time. Signatures are Ed25519. Sources: c2sp.org/tlog-checkpoint, /signed-note, /tlog-cosignature.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dashboard.errors import EvenhandError

PLAIN, COSIGNED = 1, 4  # signed-note's numbers: Ed25519 over the text; over a time and the text
TIME = "time "  # our one extension line: when the checkpoint was made


@dataclass(frozen=True)
class Verifier:
    """A public key under a name. As text: `name+hash+base64`, the form in which it is published."""

    name: str
    public: bytes
    kind: int = PLAIN

    @property
    def id(self) -> bytes:
        """Returns the four bytes that stand before a signature and say whose it is."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_base64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True)
class Key:
    """A private key under a name: of the record itself, or of a witness (`kind` COSIGNED)."""

    name: str
    seed: bytes = field(repr=False)
    kind: int = PLAIN

    @property
    def verifier(self) -> Verifier:
        """Returns the public half."""
        return Verifier(self.name, self._private.public_key().public_bytes_raw(), self.kind)

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def sign(self, message: bytes) -> bytes:
        """Returns the 64 bytes of an Ed25519 signature."""
        return self._private.sign(message)

    def text(self) -> str:
        """Returns what a key file holds."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{_base64(bytes([self.kind]) + self.seed)}"


@dataclass(frozen=True)
class Signer:
    """Whose signature was found good; a witness says when it signed."""

    name: str
    at: datetime | None = None


@dataclass(frozen=True)
class Checkpoint:
    """The first `size` events have this root. `at` is what the record says of the time, `signers` who vouches."""

    origin: str
    size: int
    root: bytes
    at: datetime | None = None
    signers: tuple[Signer, ...] = ()

    def text(self) -> str:
        """Returns the text that is signed, its last line ended."""
        lines = [self.origin, str(self.size), _base64(self.root)]
        return "\n".join([*lines, *([TIME + _instant(self.at)] if self.at else [])]) + "\n"

    def since(self) -> datetime | None:
        """Returns when it existed at the latest: by the last witness, else as the record itself says."""
        return max((signer.at for signer in self.signers if signer.at), default=self.at)


def new_key(name: str, kind: int = PLAIN) -> Key:
    """Returns a new key; a name with spaces or a plus is refused, for the formats part words there."""
    return Key(_name(name), Ed25519PrivateKey.generate().private_bytes_raw(), kind)


def key_file(path: Path, key: Key) -> Path:
    """Does write a private key that only its owner can read, and returns the path; a file that is there is kept."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(key.text() + "\n")
    except FileExistsError as error:
        raise EvenhandError(f"{path} is there already", "A key is made once", "Choose another file") from error
    except OSError as error:
        raise EvenhandError(
            f"{path} cannot be written: {error}", "A file in a folder that may be written to"
        ) from error
    return path


def read_key(path: Path) -> Key:
    """Returns the private key of a file."""
    return key_of(read(path))


def key_of(text: str) -> Key:
    """Returns the private key that a text spells."""
    start, _, rest = text.strip().partition("PRIVATE+KEY+")
    if start or not rest:
        raise EvenhandError("This is no private key", "A file that `evenhand audit key` made")
    name, found, data = _parts(rest)
    key = Key(name, data[1:], data[0])
    if key.verifier.id != found:
        raise EvenhandError(f"The private key '{name}' is damaged", "Its hash does not fit")
    return key


def verifier_of(text: str) -> Verifier:
    """Returns the public key that a text `name+hash+base64` spells; a private key is refused."""
    if text.strip().startswith("PRIVATE+KEY+"):
        raise EvenhandError("This is a private key", "The public key, which `evenhand audit key` printed")
    name, found, data = _parts(text.strip())
    verifier = Verifier(name, data[1:], data[0])
    if verifier.id != found:
        raise EvenhandError(f"The public key '{name}' is damaged", "Its hash does not fit")
    return verifier


def signed(checkpoint: Checkpoint, key: Key) -> str:
    """Returns the checkpoint's text with the key's signature under it."""
    return checkpoint.text() + "\n" + _line(key, key.sign(checkpoint.text().encode()))


def cosigned(text: str, key: Key, at: datetime) -> str:
    """Returns a signed checkpoint with a witness's line under the others: the same text, and when it was seen."""
    seconds = int(at.timestamp())
    signature = key.sign(_timed(_halves(text)[0], seconds))
    return text + _line(key, seconds.to_bytes(8, "big") + signature)


def opened(text: str, verifiers: Sequence[Verifier]) -> Checkpoint:
    """Returns the checkpoint and which of the known keys signed it; lines of unknown keys are passed over.

    Raises EvenhandError where a known key's line does not fit the text, where no known key signed,
    and where the text is no checkpoint.
    """
    body, lines = _halves(text)
    known = {(verifier.name, verifier.id): verifier for verifier in verifiers}
    signers: dict[str, Signer] = {}
    for name, blob in lines:
        verifier = known.get((name, blob[:4]))
        if verifier is not None:
            signers[name] = Signer(name, _checked(verifier, body, blob[4:]))
    if not signers:
        raise EvenhandError(
            f"The checkpoint is signed by {', '.join(name for name, _ in lines)}, and by none of the keys given",
            "A signature of a key that you know",
            "Compare the public keys, name and hash",
        )
    found = unsigned(body)
    return Checkpoint(found.origin, found.size, found.root, found.at, tuple(signers.values()))


def unsigned(body: str) -> Checkpoint:
    """Returns what a checkpoint's text says, nobody vouching for it."""
    lines = body.split("\n")
    try:
        origin, size, root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
        times = [datetime.fromisoformat(line[len(TIME) :]) for line in lines[3:] if line.startswith(TIME)]
    except (ValueError, IndexError) as error:
        raise _no_checkpoint() from error
    if not origin or str(size) != lines[1] or size < 0 or len(root) != 32 or any(at.tzinfo is None for at in times):
        raise _no_checkpoint()
    return Checkpoint(origin, size, root, times[0].astimezone(UTC) if times else None)


def body_of(text: str) -> str:
    """Returns the part of a signed checkpoint that is signed; who signed it is not looked at."""
    return _halves(text)[0]


def read(path: Path) -> str:
    """Returns a file's text, or says in words why not."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EvenhandError(f"{path} cannot be read: {error}", "A text file") from error


def _halves(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Returns the signed text and its signature lines, each a name and bytes; a note of another form is refused."""
    body, gap, rest = text.rpartition("\n\n")
    lines = rest.split("\n")
    if not gap or lines.pop() != "" or not lines:
        raise _no_checkpoint()
    found = []
    for line in lines:
        mark, _, signature = line.partition(" ")
        name, _, data = signature.partition(" ")
        blob = _unbase64(data)
        if mark != "\u2014" or not name or blob is None or len(blob) < 5:
            raise _no_checkpoint()
        found.append((name, blob))
    return body + "\n", found


def _checked(verifier: Verifier, body: str, signature: bytes) -> datetime | None:
    """Returns when a witness signed (None for a plain line); refuses a line that does not fit."""
    message, at = body.encode(), None
    try:
        if verifier.kind == COSIGNED:
            seconds = int.from_bytes(signature[:8], "big")
            message, signature, at = _timed(body, seconds), signature[8:], datetime.fromtimestamp(seconds, UTC)
        Ed25519PublicKey.from_public_bytes(verifier.public).verify(signature, message)
    except (InvalidSignature, ValueError, OverflowError, OSError) as error:
        raise EvenhandError(
            f"The signature of '{verifier.name}' does not fit the checkpoint", "Text or signature were changed"
        ) from error
    return at


def _timed(body: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def _line(key: Key, signature: bytes) -> str:
    return f"\u2014 {key.name} {_base64(key.verifier.id + signature)}\n"


def _parts(text: str) -> tuple[str, bytes, bytes]:
    """Returns name, hash and data (its first byte the kind) of a key's text."""
    name, _, rest = text.partition("+")
    found, _, encoded = rest.partition("+")
    data = _unbase64(encoded)
    if len(found) != 8 or data is None or len(data) != 33 or data[0] not in (PLAIN, COSIGNED):
        raise EvenhandError("This is no key", "name+hash+base64, as `evenhand audit key` prints it")
    try:
        return _name(name), bytes.fromhex(found), data
    except ValueError as error:
        raise EvenhandError("This is no key", "Its hash is eight hexadecimal digits") from error


def _name(name: str) -> str:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise EvenhandError(
            f"'{name}' cannot name a key", "A word without spaces or plus, such as hospital.example/log"
        )
    return name


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _no_checkpoint() -> EvenhandError:
    return EvenhandError(
        "This is no signed checkpoint",
        "The lines origin, size and root, an empty line, and at least one signature",
        "Use the file as `evenhand audit checkpoint` wrote it",
    )
