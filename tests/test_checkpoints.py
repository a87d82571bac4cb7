"""Checkpoints, witness, receipts: the published note; what a changed text, key or history leads to."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import EvenhandError
from dashboard.review import checkpoints, merkle, receipts, verifier, witness
from dashboard.review.auditing import line_faults
from dashboard.review.checkpoints import COSIGNED, Checkpoint, Key, cosigned, opened, signed, verifier_of
from dashboard.review.proof import NOTHING, canonical_json, keyed_digest, sha256
from dashboard.review.receipts import Line

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
LOG, WITNESS = Key("hospital.example/log", bytes(range(32))), Key("witness.example/w1", bytes(32), COSIGNED)


def record(events: int) -> list[Line]:
    """Returns a record of so many events, as lines."""
    lines: list[Line] = []
    for number in range(1, events + 1):
        salt, body = f"{number:032x}", canonical_json({"comment": f"text {number}"})
        previous, kept = lines[-1].digest if lines else NOTHING, keyed_digest(salt, body)
        act = {"sequence": number, "previous": previous, "body_digest": kept}
        canonical = canonical_json({**act, "kind": "flagged", "actor": "Ada", "at": "2026-11-29T06:00:00Z"})
        lines.append(Line(number, canonical, sha256(canonical), previous, salt, body, kept))
    return lines


def at(lines: list[Line], size: int | None = None, key: Key = LOG) -> str:
    """Returns the signed checkpoint of the first events of a record."""
    leaves = receipts.leaves_of(lines[:size])
    return signed(Checkpoint(LOG.name, len(leaves), merkle.root(leaves), NOW), key)


def test_the_note_published_with_go_has_the_same_keys_and_signature() -> None:
    # The example of golang.org/x/mod/sumdb/note; Ed25519 gives the same signature every time.
    key = checkpoints.key_of("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    blob = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    assert str(key.verifier) == public == str(verifier_of(public))
    assert base64.b64encode(key.verifier.id + key.sign(text.encode())).decode() == blob


def test_a_checkpoint_reads_as_it_was_signed_and_says_who_signed_and_when() -> None:
    text = cosigned(at(record(3)), WITNESS, NOW + timedelta(minutes=5))
    found = opened(text, [LOG.verifier, WITNESS.verifier])
    assert (found.origin, found.size, found.at) == (LOG.name, 3, NOW)
    assert [(signer.name, signer.at) for signer in found.signers] == [
        (LOG.name, None),
        (WITNESS.name, NOW + timedelta(minutes=5)),
    ]
    assert found.since() == NOW + timedelta(minutes=5)
    assert text.split("\n")[:2] == [LOG.name, "3"]
    assert text.count("\u2014 ") == 2


def test_lines_of_unknown_keys_are_passed_over_but_one_known_is_needed() -> None:
    text, stranger = at(record(3)), Key(LOG.name, b"\x07" * 32)
    assert opened(cosigned(text, WITNESS, NOW), [LOG.verifier]).size == 3
    with pytest.raises(EvenhandError, match="by none of the keys given"):
        opened(text, [stranger.verifier])


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_changed_bit_of_a_checkpoint_is_accepted(place: int, bit: int) -> None:
    raw = bytearray(at(record(3)).encode())
    raw[place % len(raw)] ^= 1 << bit
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(EvenhandError):
        opened(text, [LOG.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n\n",
        "a\n1\nAAAA\n\n\u2014 x AAAAAAAA\n",
        "hello\n\n- x y\n",
        signed(Checkpoint("a", 1, b"short"), LOG),
        signed(replace(Checkpoint("a", 1, bytes(32)), size=-1), LOG),
        signed(Checkpoint("", 1, bytes(32)), LOG),
    ],
)
def test_what_is_no_checkpoint_is_refused_in_words(text: str) -> None:
    with pytest.raises(EvenhandError, match=r"no signed checkpoint|by none of the keys"):
        opened(text, [LOG.verifier])


def test_keys_are_read_back_and_damaged_or_mixed_up_ones_refused(tmp_path: Path) -> None:
    made = checkpoints.new_key("hospital.example/log")
    path = checkpoints.key_file(tmp_path / "audit.key", made)
    assert checkpoints.read_key(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert "seed" not in repr(made)
    with pytest.raises(EvenhandError, match="there already"):
        checkpoints.key_file(path, made)
    with pytest.raises(EvenhandError, match="private key"):
        verifier_of(made.text())
    with pytest.raises(EvenhandError, match="damaged"):
        verifier_of(str(made.verifier).replace("hospital", "hospitel"))
    with pytest.raises(EvenhandError, match="cannot name a key"):
        checkpoints.new_key("two words")


def test_a_witness_signs_what_continues_and_nothing_else(tmp_path: Path) -> None:
    lines, folder = record(9), tmp_path / "w"
    made = witness.start(folder, "witness.example/w1", LOG.verifier)
    known = [LOG.verifier, made.key.verifier]
    first = witness.sign(folder, at(lines, 4), [], NOW)
    assert [signer.name for signer in opened(first, known).signers] == [key.name for key in known]
    proof = receipts.proof_of(receipts.proof_text(lines, 4, 9))
    rewritten = [*record(2), *[line._replace(canonical=line.canonical + " ") for line in lines[2:]]]
    refused = {
        "was not shown": (at(lines), []),
        "proof is of other": (at(lines), proof[:-1]),
        "record was rewritten": (at(rewritten), merkle.consistency(receipts.leaves_of(rewritten), 4)),
        "rewritten, or the proof": (at(rewritten, 4), []),
        "only grows": (at(lines, 3), []),
        "none of the keys": (at(lines, key=Key(LOG.name, bytes(32))), proof),
        "signs 'hospital": (signed(Checkpoint("other", 9, bytes(32), NOW), LOG), proof),
    }
    for words, (text, path) in refused.items():
        with pytest.raises(EvenhandError, match=words):
            witness.sign(folder, text, path, NOW)
    assert witness.state_of(folder).size == 4
    assert opened(witness.sign(folder, at(lines), proof, NOW), known).size == 9
    assert opened(witness.sign(folder, at(lines), [], NOW), known).size == 9, "the same one again"
    assert (folder / witness.FILE).stat().st_mode & 0o777 == 0o600
    with pytest.raises(EvenhandError, match="a witness already"):
        witness.start(folder, "another", LOG.verifier)


def test_two_histories_are_never_both_signed_by_one_witness(tmp_path: Path) -> None:
    witness.start(tmp_path, "w", LOG.verifier)
    witness.sign(tmp_path, at(record(4)), [], NOW)
    other = [line._replace(canonical=line.canonical.replace("Ada", "Eve")) for line in record(8)]
    for proof in ([], merkle.consistency(receipts.leaves_of(other), 4)):
        with pytest.raises(EvenhandError, match="was not shown"):
            witness.sign(tmp_path, at(other), proof, NOW)


def test_what_could_not_be_kept_is_not_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness.start(tmp_path, "w", LOG.verifier)

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(witness.os, "fsync", full)
    with pytest.raises(EvenhandError, match="No space left"):
        witness.sign(tmp_path, at(record(4)), [], NOW)
    assert witness.state_of(tmp_path).size == 0


def test_a_damaged_or_missing_state_of_a_witness_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(EvenhandError, match="no witness in"):
        witness.sign(tmp_path / "none", at(record(1)), [], NOW)
    witness.start(tmp_path, "w", LOG.verifier)
    (tmp_path / witness.FILE).write_text("{}")
    with pytest.raises(EvenhandError, match="damaged"):
        witness.sign(tmp_path, at(record(1)), [], NOW)


@pytest.mark.parametrize("sequence", [1, 3, 5])
def test_a_receipt_proves_its_act_under_an_older_checkpoint_too(sequence: int) -> None:
    lines = record(8)
    made = receipts.receipt(lines, sequence, at(lines, 5), [LOG.verifier], with_text=True)
    assert receipts.check_receipt(json.loads(json.dumps(made)), [LOG.verifier]).size == 5
    assert "body" not in receipts.receipt(lines, sequence, at(lines, 5), [LOG.verifier])


def test_a_receipt_that_was_changed_anywhere_is_refused() -> None:
    lines = record(8)
    made = receipts.receipt(lines, 3, at(lines), [LOG.verifier], with_text=True)
    changes = {
        "event": made["event"].replace("Ada", "Eve"),
        "index": 3,
        "proof": made["proof"][::-1],
        "checkpoint": made["checkpoint"].replace("\n8\n", "\n9\n"),
        "body": made["body"].replace("text 3", "text 4"),
        "salt": "00" * 16,
    }
    for name, value in changes.items():
        with pytest.raises(EvenhandError):
            receipts.check_receipt(made | {name: value}, [LOG.verifier])
    for name in ("event", "index", "proof", "checkpoint"):
        with pytest.raises(EvenhandError, match="no receipt"):
            receipts.check_receipt({key: value for key, value in made.items() if key != name}, [LOG.verifier])


def test_a_receipt_is_not_made_where_it_would_not_hold() -> None:
    lines = record(5)
    with pytest.raises(EvenhandError, match="not under the checkpoint"):
        receipts.receipt(lines, 5, at(lines, 4), [LOG.verifier])
    with pytest.raises(EvenhandError, match="does not fit the record"):
        receipts.receipt(record(4), 1, signed(Checkpoint("a", 4, bytes(32)), LOG), [LOG.verifier])
    erased = [line._replace(body=None) for line in lines]
    with pytest.raises(EvenhandError, match="was erased"):
        receipts.receipt(erased, 1, at(lines), [LOG.verifier], with_text=True)


def test_the_one_file_verifier_reads_the_same_keys() -> None:
    for key in (LOG, WITNESS):
        name, mark, kind, public = verifier.key_of(str(key.verifier))
        assert (name, mark, kind, public) == (key.name, key.verifier.id, key.kind, key.verifier.public)


def test_an_act_that_stands_at_another_place_than_it_says_has_no_receipt_that_holds() -> None:
    first, second, third = record(3)
    made = receipts.receipt([first, third, second], 2, at([first, third, second]), [LOG.verifier])
    with pytest.raises(EvenhandError, match="not in the record"):
        receipts.check_receipt(made, [LOG.verifier])


def test_a_size_is_spelt_in_one_way() -> None:
    root = base64.b64encode(bytes(32)).decode()
    assert checkpoints.unsigned(f"a\n9\n{root}\n").size == 9
    for size in ("09", "+9", " 9", "9_0", "\u0669"):
        with pytest.raises(EvenhandError, match="no signed checkpoint"):
            checkpoints.unsigned(f"a\n{size}\n{root}\n")


def test_a_text_and_its_digest_changed_together_do_not_fit_the_event() -> None:
    line = record(1)[0]
    body = canonical_json({"comment": "another"})
    forged = line._replace(body=body, body_digest=keyed_digest(line.salt or "", body))
    assert line_faults(line, 1, NOTHING) == []
    assert line_faults(forged, 1, NOTHING) == ["was changed: its digest does not fit"]
