"""The verifier an auditor runs: without Evenhand, with Python alone; its signatures are those of RFC 8032."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.review import merkle, receipts, verifier
from dashboard.review.checkpoints import COSIGNED, Checkpoint, Key, cosigned, signed
from dashboard.review.proof import NOTHING, canonical_json, keyed_digest, sha256
from dashboard.review.receipts import Line
from dashboard.review.verifier import COULD_NOT_CHECK, INTACT, TAMPERED, TOO_OLD

PATH = Path(verifier.__file__)
NOW = datetime.now(UTC)
LOG, WITNESS = Key("hospital.example/log", bytes(range(32))), Key("witness.example/w1", bytes(32), COSIGNED)

# RFC 8032, section 7.1: public key, message, signature of its tests 1 to 3.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def record(events: int, word: str = "text") -> list[Line]:
    """Returns a record of so many events, as lines."""
    lines: list[Line] = []
    for number in range(1, events + 1):
        salt, body = f"{number:032x}", canonical_json({"comment": f"{word} {number}"})
        previous, kept = lines[-1].digest if lines else NOTHING, keyed_digest(salt, body)
        act = {"sequence": number, "previous": previous, "body_digest": kept}
        canonical = canonical_json({**act, "kind": "flagged", "actor": "Ada Osei", "at": "2026-11-29T06:00:00Z"})
        lines.append(Line(number, canonical, sha256(canonical), previous, salt, body, kept))
    return lines


def taken(lines: list[Line], size: int | None = None, at: datetime = NOW) -> str:
    leaves = receipts.leaves_of(lines[:size])
    return signed(Checkpoint(LOG.name, len(leaves), merkle.root(leaves), at), LOG)


def run(*arguments: object, key: Key | None = LOG) -> tuple[int, str]:
    """Returns the exit code and what was printed, of Python without this program and without any package."""
    keys = ["--key", str(key.verifier)] if key else []
    command = [sys.executable, "-I", "-S", str(PATH), *map(str, arguments), *keys]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.stderr == ""
    return done.returncode, done.stdout


def checked(*paths: Path, key: Key | None = LOG, max_age: float | None = None) -> int:
    """Returns the heaviest code, in this process: quick."""
    found = verifier.Check([verifier.key_of(str(key.verifier))] if key else [], max_age)
    for path in paths:
        verifier.check(path, verifier.argparse.Namespace(checkpoint=None, older=None, proof=None), found)
    codes = {code for code, _ in found.found}
    return next(code for code in (TAMPERED, COULD_NOT_CHECK, TOO_OLD, INTACT) if code in codes)


def receipt_file(folder: Path, lines: list[Line], sequence: int, **changes: Any) -> Path:
    made = receipts.receipt(lines, sequence, taken(lines), [LOG.verifier], with_text=True)
    path = folder / f"act-{sequence}.receipt.json"
    path.write_text(json.dumps(made | changes), encoding="utf-8")
    return path


def test_it_imports_nothing_but_the_standard_library() -> None:
    tree = ast.parse(PATH.read_text(encoding="utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in found} <= sys.stdlib_module_names


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_signatures_are_those_of_rfc_8032(public: str, message: str, signature: str) -> None:
    key, text, blob = (bytes.fromhex(part) for part in (public, message, signature))
    assert verifier.signed_by(key, text, blob)
    assert not verifier.signed_by(key, text + b"x", blob)
    assert not verifier.signed_by(
        key, text, blob[:32] + (int.from_bytes(blob[32:], "little") + verifier.ORDER).to_bytes(32, "little")
    )
    for cut in (key[:-1], key + b"\x00", b""):
        assert not verifier.signed_by(cut, text, blob)
    for cut in (blob[:-1], blob + b"\x00", b""):
        assert not verifier.signed_by(key, text, cut)


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=60), st.integers(0, 64 * 8 - 1), st.booleans())
def test_signatures_hold_and_fail_as_those_of_the_other_library(
    seed: bytes, message: bytes, bit: int, change: bool
) -> None:
    key = Key("a", seed)
    blob = bytearray(key.sign(message))
    blob[bit // 8] ^= change << bit % 8
    try:
        Ed25519PublicKey.from_public_bytes(key.verifier.public).verify(bytes(blob), message)
        expected = True
    except InvalidSignature:
        expected = False
    assert expected is not change
    assert verifier.signed_by(key.verifier.public, message, bytes(blob)) is expected


@given(st.binary(min_size=32, max_size=32))
def test_whatever_stands_for_a_point_is_on_the_curve_and_encodes_back(data: bytes) -> None:
    found = verifier.decoded(data)
    if found is not None:
        x, y, _, _ = found
        assert (y * y - x * x - 1 - verifier.D * x * x * y * y) % verifier.P == 0
        assert (y | (x & 1) << 255).to_bytes(32, "little") == data


def test_a_receipt_holds_with_the_right_key_only(tmp_path: Path) -> None:
    path = receipt_file(tmp_path, record(9), 4)
    code, says = run(path)
    assert code == INTACT, says
    assert "Event 4 (flagged, Ada Osei" in says
    assert run(path, key=None)[0] == COULD_NOT_CHECK, "the keys in the receipt itself prove nothing"
    assert checked(path, key=Key(LOG.name, bytes(32))) == COULD_NOT_CHECK
    assert checked(path, max_age=1) == INTACT


@pytest.mark.parametrize(
    "change",
    [
        {"event": record(9)[3].canonical.replace("Ada", "Eve")},
        {"event": record(9)[4].canonical},
        {"proof": []},
        {"checkpoint": taken(record(9)).replace("\n9\n", "\n8\n")},
        {"body": canonical_json({"comment": "text 5"})},
        {"salt": "00"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_receipt_is_called_tampered(tmp_path: Path, change: dict[str, Any]) -> None:
    assert checked(receipt_file(tmp_path, record(9), 4, **change)) == TAMPERED


def test_an_exported_record_is_compared_with_the_checkpoint_that_was_kept(tmp_path: Path) -> None:
    lines, path, kept = record(9), tmp_path / "record.jsonl", tmp_path / "kept"
    kept.write_text(taken(lines, 7), encoding="utf-8")
    for exported, expected in [
        (lines, INTACT),
        (record(9, "rewritten"), TAMPERED),
        (lines[:6], TAMPERED),
        ([], TAMPERED),
        ([*lines[:3], *lines[4:]], TAMPERED),
        ([*lines[:8], lines[8]._replace(body="{}")], TAMPERED),
    ]:
        path.write_text("".join(receipts.export(exported)), encoding="utf-8")
        code, says = run(path, "--checkpoint", kept)
        assert code == expected, says
    path.write_text("".join(receipts.export(lines)), encoding="utf-8")
    assert run(path)[0] == COULD_NOT_CHECK
    path.write_text("".join(receipts.export([*lines[:3], *lines[4:]])), encoding="utf-8")
    assert run(path)[0] == TAMPERED, "a gap, and no checkpoint"


def test_a_checkpoint_continues_an_older_one_or_does_not(tmp_path: Path) -> None:
    lines, new, old, proof = record(9), tmp_path / "new", tmp_path / "old", tmp_path / "proof"
    new.write_text(cosigned(taken(lines), WITNESS, NOW), encoding="utf-8")
    old.write_text(cosigned(taken(lines, 4), WITNESS, NOW - timedelta(days=40)), encoding="utf-8")
    proof.write_text(receipts.proof_text(lines, 4, 9), encoding="utf-8")
    code, says = run(new, "--older", old, "--proof", proof, "--key", WITNESS.verifier)
    assert code == INTACT, says
    assert "the record has only grown" in says
    assert run(new, "--older", old)[0] == COULD_NOT_CHECK
    assert run(new)[0] == COULD_NOT_CHECK
    assert run(old, "--older", old, "--max-age", 30)[0] == INTACT, "only the record's key: made just now"
    assert run(old, "--older", old, "--max-age", 30, "--key", WITNESS.verifier)[0] == TOO_OLD
    new.write_text(taken(record(9, "rewritten")), encoding="utf-8")
    assert run(new, "--older", old, "--proof", proof)[0] == TAMPERED


def packed(folder: Path, files: dict[str, str], **changed: str) -> Path:
    """Returns a folder of files with their manifest and a receipt whose text names the manifest."""
    folder.mkdir()
    manifest = json.dumps({"files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}})
    for name, text in {**files, "manifest.json": manifest}.items():
        (folder / name).write_text(text, encoding="utf-8")
    lines = record(3, hashlib.sha256(manifest.encode()).hexdigest())
    receipt_file(folder, lines, 2)
    return folder


def test_an_evidence_pack_holds_as_a_folder_and_as_a_zip_and_no_file_of_it_can_be_changed(tmp_path: Path) -> None:
    folder = packed(tmp_path / "pack", {"readings.csv": "a,b\n1,2\n", "policy.toml": "x = 1\n"})
    zipped = tmp_path / "pack.zip"
    with zipfile.ZipFile(zipped, "w") as pack:
        for file in folder.iterdir():
            pack.write(file, file.name)
    code, says = run(folder, zipped)
    assert code == INTACT, says
    assert "the manifest is named by act-2.receipt.json" in says
    with zipfile.ZipFile(zipped, "a") as pack, pytest.warns(UserWarning, match="Duplicate"):
        pack.writestr("manifest.json", (folder / "manifest.json").read_text())
    assert checked(zipped) == TAMPERED, "a name that is there twice"
    (folder / "more.txt").write_text("x")
    assert checked(folder) == TAMPERED, "a file that nobody named"
    (folder / "more.txt").unlink()
    (folder / "policy.toml").write_text("x = 2\n")
    assert checked(folder) == TAMPERED
    (folder / "policy.toml").unlink()
    assert checked(folder) == TAMPERED


def test_a_pack_whose_manifest_no_receipt_names_is_not_called_intact(tmp_path: Path) -> None:
    folder = packed(tmp_path / "pack", {"a.txt": "a"})
    manifest = folder / "manifest.json"
    (folder / "a.txt").write_text("b")
    manifest.write_text(json.dumps({"files": {"a.txt": hashlib.sha256(b"b").hexdigest()}}))
    assert checked(folder) == COULD_NOT_CHECK


def test_what_cannot_be_read_is_never_intact_nor_a_traceback(tmp_path: Path) -> None:
    odd = {"a": b"\xff\xfe", "b": b"hello", "c": b'{"format": "evenhand receipt 1"}', "d": b"[" * 100_000, "e": b"{}"}
    for name, content in odd.items():
        (tmp_path / name).write_bytes(content)
    for name in odd:
        assert run(tmp_path / name)[0] in (COULD_NOT_CHECK, TAMPERED)
    assert run(tmp_path / "missing")[0] == COULD_NOT_CHECK
    assert run(receipt_file(tmp_path, record(2), 1), tmp_path / "missing")[0] == COULD_NOT_CHECK


def test_a_point_spelt_another_way_is_none() -> None:
    def spelt(number: int) -> object:
        return verifier.decoded(number.to_bytes(32, "little"))

    assert spelt(1) == (0, 1, 1, 0)
    assert spelt(verifier.P + 1) is None, "the same y, not reduced"
    assert spelt(1 | 1 << 255) is None, "minus zero"
    assert spelt(verifier.BASE_Y) == verifier.BASE


@pytest.mark.parametrize("column", ["sequence", "previous", "body_digest"])
def test_a_column_beside_the_event_that_says_otherwise_is_called_tampered(tmp_path: Path, column: str) -> None:
    lines, path = record(3), tmp_path / "record.jsonl"
    lines[1] = lines[1]._replace(**{column: 9 if column == "sequence" else "0" * 64})
    path.write_text("".join(receipts.export(lines)), encoding="utf-8")
    assert checked(path) == TAMPERED


def test_a_checkpoint_of_another_record_is_no_older_one_even_where_that_is_empty(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    new.write_text(taken(record(3)), encoding="utf-8")
    old.write_text(signed(Checkpoint("another.example", 0, merkle.EMPTY, NOW), LOG), encoding="utf-8")
    assert run(new, "--older", old)[0] == COULD_NOT_CHECK
