"""Checks what an Evenhand record has handed out, without Evenhand: this file and Python 3.11, nothing else.

    python verifier.py PATH... --key KEY [--checkpoint FILE] [--older FILE --proof FILE] [--max-age DAYS]

PATH is a receipt for one act, an exported record (JSON lines), a signed checkpoint, or a folder or zip with a
manifest.json. KEY is a public key, name+hash+base64; every key given must have signed. --checkpoint is the one
you kept: a record is compared with it. --older is an earlier checkpoint, --proof what shows that the newer
continues it. Keys and what you kept must come by another way than what you check, or one forger makes both.

Exit code: 0 intact, 1 tampered, 2 could not check, 3 the checkpoint is too old.
"""

import argparse
import base64
import hashlib
import hmac
import json
import pathlib
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

INTACT, TAMPERED, COULD_NOT_CHECK, TOO_OLD = range(4)
WORDS = ("intact", "TAMPERED", "could not check", "too old")


# 1. Signatures: Ed25519 (RFC 8032, section 5.1). A point is (X, Y, Z, T): x = X/Z, y = Y/Z, x*y = T/Z.

Point = tuple[int, int, int, int]
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
BASE_Y, BASE_X = 4 * pow(5, P - 2, P) % P, 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(a: Point, b: Point) -> Point:
    """Returns the sum of two points."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    left, low, high, right = f - e, h - g, h + g, f + e
    return left * low % P, high * right % P, low * high % P, left * right % P


def times(number: int, point: Point) -> Point:
    """Returns a point added to itself `number` times."""
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def decoded(data: bytes) -> Point | None:
    """Returns the point that 32 bytes stand for, or None: y, with the lowest bit of x on top."""
    sign, y = divmod(int.from_bytes(data, "little"), 2**255)
    if y >= P or len(data) != 32:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Returns whether the 64 bytes are this key's signature of the message."""
    key, point, scalar = decoded(public), decoded(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or point is None or scalar >= ORDER or len(signature) != 64:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    a, b = times(scalar, BASE), add(point, times(challenge, key))
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


# 2. The tree over all events (RFC 6962, section 2.1; its proofs as in RFC 9162, sections 2.1.3.2 and 2.1.4.2).


def leaf_hash(text: str) -> bytes:
    return hashlib.sha256(b"\x00" + text.encode()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: list[bytes]) -> bytes:
    """Returns the root over leaf hashes: neighbours joined, one without a neighbour going up as it is."""
    while len(hashes) > 1:
        pairs = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[2 * len(pairs) :]
    return hashes[0] if hashes else hashlib.sha256(b"").digest()


def climb(index: int, last: int, proof: list[bytes], old: bytes, new: bytes) -> tuple[bytes, bytes] | None:
    """Returns the two hashes at the top, or None: `old` is joined with what stands left of it, `new` with all."""
    for part in proof:
        if last == 0:
            return None
        if index & 1 or index == last:
            old, new = node_hash(part, old), node_hash(part, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, part)
        index, last = index >> 1, last >> 1
    return (old, new) if last == 0 else None


def included(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """Returns whether the proof leads from a leaf's hash to the root."""
    reached = climb(index, size - 1, proof, leaf, leaf) if 0 <= index < size else None
    return reached is not None and reached[1] == root


def consistent(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Returns whether the proof shows that the newer tree begins with the older."""
    if old_size in (0, new_size):
        return not proof and old_root == (new_root if old_size else root_of([]))
    path = proof if old_size & (old_size - 1) else [old_root, *proof]
    if not 0 < old_size < new_size or not path:
        return False
    index, last = old_size - 1, new_size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    return climb(index, last, path[1:], path[0], path[0]) == (old_root, new_root)


# 3. Keys (name+hash+base64) and what was written. A witness's key is of kind 4: it signs the time as well.


def key_of(text: str) -> tuple[str, bytes, int, bytes]:
    """Returns the name, the hash, the kind and the 32 bytes of a public key."""
    name, mark, encoded = text.strip().split("+", 2)
    data = base64.b64decode(encoded, validate=True)
    if hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8] != mark or len(data) != 33:
        raise ValueError(f"the key '{name}' is damaged")
    return name, bytes.fromhex(mark), data[0], data[1:]


def body_digest(salt: str, body: str) -> str:
    """Returns the digest of what was written, which its salt keeps from being guessed."""
    return hmac.new(bytes.fromhex(salt), body.encode(), hashlib.sha256).hexdigest()


def decoded_all(lines: Sequence[str]) -> list[bytes]:
    return [base64.b64decode(line, validate=True) for line in lines]


# 4. What can be checked.
class Check:
    """What was found, each a code and a sentence; the keys that are trusted, the age in days that is allowed."""

    def __init__(self, keys: Sequence[tuple[str, bytes, int, bytes]], max_age: float | None) -> None:
        self.keys, self.max_age, self.found = keys, max_age, list[tuple[int, str]]()

    def say(self, code: int, sentence: str) -> None:
        self.found.append((code, sentence))

    def judge(self, fits: bool, yes: str, no: str) -> None:
        self.say(INTACT if fits else TAMPERED, yes if fits else no)

    def checkpoint(self, text: str, others: Sequence[str] = (), newest: bool = True) -> tuple[str, int, bytes]:
        """Returns origin, size and root: three lines, perhaps a time; an empty line; a line for each signature."""
        body, _, rest = text.rpartition("\n\n")
        origin, size, root, *more = body.split("\n")
        said = [datetime.fromisoformat(line[5:]) for line in more if line.startswith("time ")]
        lines, seen = [line.split(" ") for line in rest.split("\n") if line], list[datetime]()
        signed = {(line[1], blob[:4]): blob[4:] for line in lines for blob in decoded_all(line[2:])}
        for name, mark, kind, public in self.keys or [key_of(other) for other in others]:
            message, signature = body.encode() + b"\n", signed.get((name, mark))
            if signature is None:
                self.say(COULD_NOT_CHECK, f"The checkpoint is not signed by {name}.")
                continue
            if kind == 4:
                seconds, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                message = b"cosignature/v1\ntime %d\n" % seconds + message
                seen.append(datetime.fromtimestamp(seconds, UTC))
            yes = f"The checkpoint of {size} events of {origin} is signed by {name}."
            self.judge(signed_by(public, message, signature), yes, f"The signature of {name} does not fit.")
        if not self.keys:
            self.say(COULD_NOT_CHECK, "No key was given (--key), so nobody is known to vouch for the checkpoint.")
        at, days = max(seen or said, default=None), self.max_age if newest else None
        if days is not None and (at is None or at > datetime.now(UTC) + timedelta(minutes=10)):
            self.say(COULD_NOT_CHECK, "The checkpoint says no time, or one to come: its age cannot be told.")
        elif days is not None and at is not None and datetime.now(UTC) - at > timedelta(days=days):
            self.say(TOO_OLD, f"The checkpoint is of {at:%d %b %Y}, older than {days:g} days.")
        return origin, int(size), base64.b64decode(root, validate=True)

    def receipt(self, receipt: dict[str, Any]) -> None:
        """Does check one act: its event is a leaf of the tree whose root is signed; what was written fits it."""
        event = json.loads(receipt["event"])
        _, size, root = self.checkpoint(receipt["checkpoint"], receipt["keys"])
        act = f"Event {event['sequence']} ({event['kind']}, {event['actor']}, {event['at']})"
        leaf, proof = leaf_hash(receipt["event"]), decoded_all(receipt["proof"])
        fits = included(leaf, event["sequence"] - 1, size, proof, root)
        self.judge(fits, f"{act} stands in the record as it stands here.", f"{act} is not in this record.")
        if "body" in receipt:
            fits = body_digest(receipt["salt"], receipt["body"]) == event["body_digest"]
            self.judge(fits, "What was written fits it.", "What was written was changed.")

    def record(self, lines: Sequence[str], kept: str | None) -> None:
        """Does check every event: in order, each holding the digest of the one before; all against a checkpoint."""
        hashes, last, empty, erased = list[bytes](), "0" * 64, set[int](), set[int]()
        for number, text in enumerate(lines, 1):
            try:
                line = json.loads(text)
                event, digest = json.loads(line["canonical"]), hashlib.sha256(line["canonical"].encode()).hexdigest()
                if (event["sequence"], event["previous"]) != (number, last):
                    self.say(TAMPERED, f"Line {number} does not follow from the one before it.")
                columns = all(event[name] == line[name] for name in ("sequence", "previous", "body_digest"))
                if digest != line["digest"] or not columns:
                    self.say(TAMPERED, f"Line {number} was changed: its digest does not fit.")
                if event["kind"] == "erased":
                    erased.add(int(json.loads(event["subject"])["sequence"]))
                if not line["body"]:
                    empty.add(number)
                elif body_digest(line["salt"], line["body"]) != event["body_digest"]:
                    self.say(TAMPERED, f"What was written in line {number} was changed.")
                hashes.append(leaf_hash(line["canonical"]))
                last = line["digest"]
            except (ValueError, KeyError, TypeError, AttributeError):
                self.say(TAMPERED, f"Line {number} is no event, or lost what was written.")
        for number in sorted(empty - erased):
            self.say(TAMPERED, f"Line {number} lost what was written, and no event says that it was erased.")
        if kept is None:
            self.say(COULD_NOT_CHECK, f"{len(hashes)} events, held by their chain alone: give --checkpoint.")
            return
        _, size, root = self.checkpoint(kept)
        fits = size <= len(hashes) and root_of(hashes[:size]) == root
        yes = f"The first {size} events are complete and unchanged; {len(hashes) - size} came after the checkpoint."
        self.judge(fits, yes, f"The first {size} events are not the checkpoint's; {len(hashes)} are here.")

    def growth(self, text: str, older: str | None, proof: str | None) -> None:
        """Does check who signed a checkpoint and, with an older one, that the record has only grown since."""
        origin, size, root = self.checkpoint(text)
        if older is None:
            self.say(COULD_NOT_CHECK, "It was compared with nothing: give an older one (--older, --proof).")
            return
        old_origin, old_size, old_root = self.checkpoint(older, newest=False)
        if old_origin != origin or (proof is None and 0 < old_size < size):
            self.say(COULD_NOT_CHECK, "The older checkpoint is of another record, or the proof (--proof) is missing.")
            return
        fits = consistent(old_size, old_root, size, root, decoded_all((proof or "").splitlines()[1:]))
        yes = f"The first {old_size} events are the same in both: the record has only grown."
        self.judge(fits, yes, f"The first {old_size} events are not the same in both, or that was not shown.")

    def pack(self, names: Sequence[str], read: Callable[[str], bytes]) -> None:
        """Does check every file against manifest.json, and that a receipt among them names the manifest."""
        manifest = read("manifest.json")
        listed, mark, naming = json.loads(manifest)["files"], hashlib.sha256(manifest).hexdigest(), list[str]()
        for name in sorted({*listed, *names}):
            content = read(name) if names.count(name) == 1 else None
            if content is None or (name in listed and hashlib.sha256(content).hexdigest() != listed[name]):
                self.say(TAMPERED, f"{name} was changed, is missing or is there twice.")
            elif (receipt := receipt_of(content)) is not None:
                before = len(self.found)
                self.receipt(receipt)
                good = all(code != TAMPERED for code, _ in self.found[before:])
                naming += [name] * (good and mark in receipt["event"] + receipt.get("body", ""))
            elif name not in listed and name != "manifest.json":
                self.say(TAMPERED, f"{name} is not in the manifest.")
        no = "No receipt names the manifest, so whoever made these files could have made others."
        yes = f"{len(listed)} files; the manifest is named by {', '.join(naming)}."
        self.say(INTACT if naming else COULD_NOT_CHECK, yes if naming else no)


def receipt_of(content: bytes) -> dict[str, Any] | None:
    """Returns the receipt that a file holds, or None."""
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) and str(found.get("format")).startswith("evenhand receipt") else None


def check(path: pathlib.Path, asked: argparse.Namespace, found: Check) -> None:
    """Does find out what a path holds, and check it."""
    held = (asked.checkpoint, asked.older, asked.proof)
    kept, older, proof = (None if name is None else name.read_text("utf-8") for name in held)
    if path.is_dir():
        names = [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]
        found.pack(names, lambda name: (path / name).read_bytes())
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as pack:
            found.pack([name for name in pack.namelist() if not name.endswith("/")], pack.read)
    elif (receipt := receipt_of(path.read_bytes())) is not None:
        found.receipt(receipt)
    elif (text := path.read_text("utf-8"))[:1] in ("{", ""):
        found.record([line for line in text.split("\n") if line], kept)
    else:
        found.growth(text, older, proof)


def main() -> int:
    """Returns the exit code: what is tampered with weighs most, then what could not be checked, then age."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=pathlib.Path)
    parser.add_argument("--key", action="append", default=[])
    parser.add_argument("--max-age", type=float)
    for name in ("--checkpoint", "--older", "--proof"):
        parser.add_argument(name, type=pathlib.Path)
    asked, codes = parser.parse_args(), set[int]()
    for path in asked.paths:
        found = Check([], asked.max_age)
        try:
            found.keys = [key_of(key) for key in asked.key]
            check(path, asked, found)
        except Exception as error:  # whatever a broken file holds, it was not checked
            found.say(COULD_NOT_CHECK, f"It cannot be read: {error}.")
        for code, sentence in found.found:
            print(f"{WORDS[code]:<15} {path.name}: {sentence}")
        codes |= {code for code, _ in found.found}
    return next(code for code in (TAMPERED, COULD_NOT_CHECK, TOO_OLD, INTACT) if code in codes)


if __name__ == "__main__":
    sys.exit(main())
