"""What was signed, kept as files named by their own SHA-256: written before the signature, never overwritten."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from dashboard.errors import EvenhandError


def keep(folder: Path, content: bytes, suffix: str) -> str:
    """Does write a file named by its content, unless it is there, and returns its SHA-256.

    When it returns, the file is on the disk. Raises EvenhandError where it cannot be written.
    """
    digest = sha256(content).hexdigest()
    path = folder / f"{digest}.{suffix}"
    if path.exists():
        return digest
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f".{digest}.{os.getpid()}"
        with aside.open("wb") as new:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        aside.replace(path)
        _sync(folder)
    except OSError as error:
        raise EvenhandError(
            f"The evidence could not be kept in {folder}: {error.strerror}",
            "A directory that may be written to, with room left",
            "Check it; nothing was signed",
        ) from error
    return digest


def kept(folder: Path, digest: str, suffix: str) -> bytes:
    """Returns the content of a kept file; raises EvenhandError where it is gone or no longer what its name says."""
    path = folder / f"{digest}.{suffix}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvenhandError(
            f"The evidence {path.name} cannot be read: {error.strerror}",
            "What was signed stays in the workspace's folder 'evidence'",
            "Bring it back from a backup",
        ) from error
    if sha256(content).hexdigest() != digest:
        raise EvenhandError(
            f"The evidence {path.name} was changed: its content is no longer what its name says",
            "What was signed is never edited",
            "Bring it back from a backup",
        )
    return content


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
