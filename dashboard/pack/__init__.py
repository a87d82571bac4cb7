"""One zip for a release: report, tables, pictures, readings, policy, contract, signatures, receipts, a verifier.

Everything in it is of the record and of files named by their content, and dated by the signature: built twice it is the
same bytes.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from dashboard.errors import EvenhandError
from dashboard.pack import page, paper, pictures, told
from dashboard.pack.plain import csv_of
from dashboard.review import evidence, merkle, receipts, roles, states_releases, verifier
from dashboard.review.auditing import audit, lines_of
from dashboard.review.checkpoints import Checkpoint, read_key, signed
from dashboard.review.events_exports import Exported
from dashboard.review.events_kinds import act
from dashboard.review.events_releases import SignedOff
from dashboard.review.ledger import Ledger, Recorded, of
from dashboard.review.roles import Person
from dashboard.settings import Settings

NOTE = "What was on the screen when it was signed. Nothing here was computed anew."
README = """This is the evidence behind a signature on a model, as it was recorded by Evenhand.

report.html, report.pdf  who signed what, when, why; what was found; the numbers. Start here.
tables/                  the same as CSV; a text that a spreadsheet would run has an apostrophe before it
pictures/                rates of groups with their intervals, as SVG
readings.parquet         every number that was signed, exactly as it was kept
policy.toml              what was allowed then
contract.toml            what the columns meant then
signoff.json             the signatures in full, and what became of the release
receipts/                proofs that the record holds the signatures and this pack; each holds a signed checkpoint
verifier.py              checks all of this, with Python 3.11 and nothing else; read it first, or get your own copy
manifest.json            the SHA-256 of every file

To check it, unpack verifier.py and run

    python -I -S verifier.py THIS.zip --key KEY

KEY is the public key of the record (name+hash+base64). Ask for it by another way than the one this file came by.
The answer is "intact" only where a receipt names the manifest. Without the folder receipts the record had no key when
this was made: then the files fit each other, and that is all that can be said.
"""
Files = dict[str, bytes]


@dataclass(frozen=True)
class Pack:
    """The zip and its name; `proved` says whether receipts are in it."""

    name: str
    content: bytes
    digest: str
    proved: bool


def pack(settings: Settings, model: str, version: str | None, by: Person, of_act: int | None = None) -> Pack:
    """Returns the evidence pack of a version's newest release, or of the act `of_act`; records that it was made.

    The same release makes the same bytes, and is recorded once. With a key in the workspace (audit.key) it holds
    receipts. Raises EvenhandError where nothing was signed, the kept evidence is gone or changed, the record is broken,
    or the person may not export.
    """
    ledger = of(settings)
    pairs, release = _release(ledger, model, version, of_act)
    roles.authorise(by, "exported", ledger.rules, datetime.now(UTC))
    files = _files(settings, pairs, release)
    newest, at = pairs[-1][1], pairs[-1][0].at
    listed = {name: sha256(content).hexdigest() for name, content in sorted(files.items())}
    about = {"model": model, "version": version, "since": str(newest.since), "until": str(newest.until)}
    manifest = {**about, "signed_at": at.astimezone(UTC).isoformat(timespec="seconds"), "files": listed}
    files["manifest.json"] = _json(manifest)
    digest = sha256(files["manifest.json"]).hexdigest()
    made = _recorded(ledger, model, version, digest, len(listed), by)
    proofs = _receipts(settings, ledger, [*(recorded for recorded, _ in pairs), made], made)
    name = f"evidence-{model}-{version or 'all'}-{newest.until}.zip"
    return Pack("".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name),
                zipped(files | proofs, at), digest, bool(proofs))  # fmt: skip


def zipped(files: Mapping[str, bytes], at: datetime) -> bytes:
    """Returns files as a zip, by name, all dated `at` (UTC)."""
    when = at.astimezone(UTC)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(
                name, (max(when.year, 1980), when.month, when.day, when.hour, when.minute, when.second)
            )
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(entry, files[name], compresslevel=6)
    return out.getvalue()


def _release(
    ledger: Ledger, model: str, version: str | None, of_act: int | None
) -> tuple[list[tuple[Recorded, SignedOff]], Mapping[str, Any]]:
    """Returns the signatures over the same readings (the newest, or an act's) and the release's state."""
    known = [(one, act(one.event)) for one in ledger.events(model, "signed") if one.event.version == version]
    found = [(one, done) for one, done in known if isinstance(done, SignedOff)]
    if not found:
        raise EvenhandError(
            f"{model} {version or '(all versions together)'} has not been signed",
            "A pack holds what was signed",
            "Sign it off first, or name another --version",
        )
    newest = next((done for one, done in found if one.sequence == of_act), found[-1][1])
    key = states_releases.release_key(model, version, {"since": str(newest.since), "until": str(newest.until)})
    release = next(iter(ledger.states("release", model, key=key)))
    mine = (newest.since, newest.until, newest.readings_digest)
    return [p for p in found if (p[1].since, p[1].until, p[1].readings_digest) == mine], release


def _files(settings: Settings, pairs: Sequence[tuple[Recorded, SignedOff]], release: Mapping[str, Any]) -> Files:
    newest, folder = pairs[-1][1], settings.workspace / "evidence"
    kept = {name: f"{name}.parquet" if name == "readings" else f"{name}.toml" for name in sorted(newest.evidence)}
    files = {file: evidence.kept(folder, newest.evidence[name], file.rpartition(".")[2]) for name, file in kept.items()}
    readings = rows_of(files["readings.parquet"]) if "readings.parquet" in files else []
    drawn = pictures.pictures(readings)
    shown = pictures.judged(drawn, newest.findings)
    said, at = told.sections(pairs, release, readings), pairs[-1][0].at
    head, note = told.headline(pairs, release), f"{NOTE} Dated {at:%Y-%m-%d %H:%M} UTC, the last signature."
    files |= {"report.html": page.page(head, note, said, shown), "report.pdf": paper.paper(head, note, said, at)}
    files |= {f"pictures/{name}.svg": svg.encode() for name, svg in drawn.items()}
    files["tables/readings.csv"] = csv_of(readings)
    for section in said[:-1]:
        if section.rows:
            files[f"tables/{section.heading.lower().replace(' ', '-')}.csv"] = csv_of(section.rows)
    files["signoff.json"] = _json({"signatures": [_act(one) for one, _ in pairs], "release": release})
    files["verifier.py"] = Path(verifier.__file__).read_bytes()
    files["README.txt"] = README.encode()
    return files


def rows_of(parquet: bytes) -> list[dict[str, Any]]:
    """Returns the rows of kept readings, in their order."""
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(parquet)).to_pylist()
    return rows


def _act(one: Recorded) -> dict[str, Any]:
    event = {name: getattr(one.event, name) for name in type(one.event).__dataclass_fields__}
    event |= {"subject": dict(one.event.subject), "body": dict(one.event.body)}
    return {"sequence": one.sequence, "at": one.at.isoformat(), "digest": one.digest, **event}


def _recorded(ledger: Ledger, model: str, version: str | None, digest: str, files: int, by: Person) -> Recorded:
    """Returns the act that names this pack's manifest: made now, or by whoever made the same pack first."""
    event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"evidence:{model}:{version}:{digest}"))
    role = next((name for name in roles.PRECEDENCE if name in by.roles), "person")
    made = Exported(event_id=event_id, name=by.name, role=role, model=model, version=version,
                    what="evidence", digest=digest, counts={"files": files})  # fmt: skip
    before = ledger.events(model, "exported", subject=made.subject)
    return before[0] if before else ledger.append(made, by if by.verified else None)


def _receipts(settings: Settings, ledger: Ledger, acts: Sequence[Recorded], last: Recorded) -> Files:
    """Returns a receipt for each act under the checkpoint of the record as it was when this pack was first made.

    That checkpoint bears the time of the last of its acts, so that it is always the same text.
    """
    path = settings.workspace / "audit.key"
    if not path.exists():
        return {}
    key, lines = read_key(path), list(lines_of(ledger.rows()))
    if broken := audit(lines, None, (), datetime.now(UTC)).broken:
        raise EvenhandError(f"The record is broken: {broken[0]}", todo="See all of it: evenhand audit verify")
    root = merkle.root(receipts.leaves_of(lines[: last.sequence]))
    checkpoint = signed(Checkpoint(key.name, last.sequence, root, last.at), key)
    return {
        f"receipts/act-{one.sequence}.json": _json(
            receipts.receipt(lines, one.sequence, checkpoint, [key.verifier], with_text=True)
        )
        for one in acts
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True, default=str) + "\n").encode()
