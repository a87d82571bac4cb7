"""The evidence pack: one zip, the same bytes each time, verified offline by the one file in it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.errors import EvenhandError
from dashboard.pack import pack, rows_of
from dashboard.review import evidence
from dashboard.review.checkpoints import key_file, new_key, read_key
from dashboard.review.events import new_id
from dashboard.review.events_releases import Condition, SignedOff
from dashboard.review.ledger import of
from dashboard.review.roles import Person, typed
from dashboard.settings import Settings, read
from tests.test_people import flag, signed, someone

ODD = "=cmd|' /C calc'!A0 <script>alert(1)</script> ![x](http://x.example/a.png) \u202eטקסט Małgorzata"
FINDING = {"rule": "r1", "metric": "accuracy", "state": "outside", "value": 0.7, "sentence": ODD, "answer": ODD}


def reading(**changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": "performance", "metric": "accuracy", "attribute": None, "group": None}
    row |= {"reference": None, "feature": None, "version": "v2", "since": "2026-03-01", "until": "2026-03-29"}
    row |= {"value": 0.84, "low": 0.8, "high": 0.88, "n": 440, "numerator": 370.0, "denominator": 440.0}
    return row | {"method": "wilson", "note": ""} | changed


READINGS = [
    reading(),
    reading(attribute="sex", group="=F</text><script>alert(1)</script>", value=0.7, low=0.6, high=0.78, n=193),
    reading(attribute="sex", group="M", value=None, low=None, high=None, n=0),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Returns a workspace with a key and one signature over three readings, all typed text hostile."""
    folder = tmp_path / "workspace"
    key_file(folder / "audit.key", new_key("hospital.example/evenhand"))
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(READINGS), out)
    kept = {"readings": evidence.keep(folder / "evidence", out.getvalue(), "parquet")}
    kept["policy"] = evidence.keep(folder / "evidence", b'version = "1"\n', "toml")
    found = read(folder)
    of(found).append(sign(kept))
    return found


def sign(kept: dict[str, str]) -> SignedOff:
    typed_in: dict[str, Any] = {"statement": ODD, "rationale": ODD, "meaning": ODD, "findings": [FINDING]}
    typed_in |= {"missing": ["labels"], "waivers": {"labels": ODD}, "decision": "approve with conditions"}
    typed_in |= {"conditions": [Condition(ODD, "Mo", date(2026, 5, 1))], "evidence": kept}
    return signed(typed("Zoë O'Neill"), event_id=new_id(), **typed_in)


def files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def verified(settings: Settings, content: bytes, folder: Path) -> tuple[int, str]:
    """Returns what the verifier inside the pack says of it, run alone with what Python brings."""
    path, tool = folder / "pack.zip", folder / "verifier.py"
    path.write_bytes(content)
    tool.write_bytes(files(content)["verifier.py"])
    public = str(read_key(settings.workspace / "audit.key").verifier)
    line = [sys.executable, "-I", "-S", str(tool), str(path), "--key", public]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, done.stdout + done.stderr


def test_it_is_the_same_bytes_each_time_whatever_was_recorded_since(settings: Settings) -> None:
    first = pack(settings, "triage", "v2", typed("Ada"))
    of(settings).append(flag("e-1", someone("Bo", "expert")))
    again = pack(settings, "triage", "v2", typed("Cy"))
    assert (first.content, first.proved) == (again.content, True)
    assert len(of(settings).events("triage", "exported")) == 1


def test_its_own_verifier_finds_it_intact_and_any_change_tampered(settings: Settings, tmp_path: Path) -> None:
    made = pack(settings, "triage", "v2", typed("Ada"))
    code, said = verified(settings, made.content, tmp_path)
    assert (code, "the manifest is named by receipts/act-2.json" in said) == (0, True), said
    for name, content in files(made.content).items():
        if name == "verifier.py" or name.startswith("receipts/act-1"):
            continue
        changed = io.BytesIO()
        with zipfile.ZipFile(changed, "w") as archive:
            for other, bytes_ in files(made.content).items():
                archive.writestr(other, bytes_ + b" " if other == name and not name.endswith(".json") else
                                 bytes_.replace(b"triage", b"trlage") if other == name else bytes_)  # fmt: skip
        expected = 2 if name == "manifest.json" else 1  # another manifest is one that no receipt names
        assert verified(settings, changed.getvalue(), tmp_path)[0] == expected, (name, len(content))


def test_without_a_key_it_says_that_nothing_is_proved(settings: Settings, tmp_path: Path) -> None:
    key = settings.workspace / "audit.key"
    hidden = key.read_bytes()
    key.unlink()
    made = pack(settings, "triage", "v2", typed("Ada"))
    key.write_bytes(hidden)
    assert not made.proved
    code, said = verified(settings, made.content, tmp_path)
    assert (code, "No receipt names the manifest" in said) == (2, True)


def test_what_people_typed_is_kept_exact_and_shown_inert(settings: Settings) -> None:
    made = files(pack(settings, "triage", "v2", typed("Ada")).content)
    page = made["report.html"].decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "default-src 'none'" in page
    assert "<img" not in page
    assert "Małgorzata" in page
    for name, content in made.items():
        if name.endswith(".svg"):
            assert not [one for one in ElementTree.fromstring(content).iter() if one.tag.endswith("script")]
        if name.endswith(".csv"):
            cells = [cell for line in content.decode().split("\r\n") for cell in line.split(",")]
            assert not [cell for cell in cells if cell.lstrip('"')[:1] in ("=", "+", "@", "\t")], name
    told = json.loads(made["signoff.json"])["signatures"][0]["body"]
    assert (told["statement"], told["rationale"]) == (ODD, ODD)
    assert rows_of(made["readings.parquet"]) == READINGS
    assert made["report.pdf"].startswith(b"%PDF-")
    assert b"/JavaScript" not in made["report.pdf"]


def test_what_cannot_be_computed_is_said_and_every_group_is_drawn(settings: Settings) -> None:
    made = files(pack(settings, "triage", "v2", typed("Ada")).content)
    (picture,) = [content.decode() for name, content in made.items() if name.endswith(".svg")]
    assert "cannot be computed, n 0" in picture
    assert "n 193" in picture
    assert "cannot be computed" in made["report.html"].decode()


def test_who_may_not_export_gets_no_pack_and_nothing_is_recorded(settings: Settings) -> None:
    with pytest.raises(EvenhandError):
        pack(settings, "triage", "v2", Person("Vic", frozenset({"viewer"}), "https://login.example|vic"))
    assert not of(settings).events("triage", "exported")


def test_evidence_that_was_changed_and_what_was_never_signed_make_no_pack(settings: Settings) -> None:
    with pytest.raises(EvenhandError, match="has not been signed"):
        pack(settings, "triage", "v3", typed("Ada"))
    (file,) = (settings.workspace / "evidence").glob("*.parquet")
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(EvenhandError, match="was changed"):
        pack(settings, "triage", "v2", typed("Ada"))
