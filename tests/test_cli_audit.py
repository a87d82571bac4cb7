"""`evenhand audit`: the page on proof is true, command by command; exit codes that a script can trust."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from dashboard import cli
from dashboard.review import verifier
from dashboard.review.events import Event
from dashboard.review.events_cases import Flagged
from dashboard.review.ledger import Ledger

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "proof.md").read_text(encoding="utf-8")
BLOCKS = [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)]
Run = Callable[[str], tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Returns what runs a command line in a folder whose workspace has three acts: exit code, everything printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVENHAND_WORKSPACE", raising=False)
    (tmp_path / "workspace").mkdir()
    for number in range(3):
        act(number)

    def running(line: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", line.split())
        with pytest.raises(SystemExit) as stopped:
            sys.exit(cli.main())  # type: ignore[func-returns-value]
        code = stopped.value.code
        return code if isinstance(code, int) else 0, "".join(capsys.readouterr())

    return running


def act(number: int) -> None:
    """Does record one act in the workspace of the current folder."""
    event = Event(f"e-{number}", "exported", "Ada Osei", "clinician", "triage", None, {"id": "e-1"}, {"i": number})
    Ledger(f"sqlite:///{Path.cwd() / 'workspace' / 'ledger.sqlite'}").append(event)


def test_every_command_of_the_page_does_what_it_says(run: Run, tmp_path: Path) -> None:
    for number, block in enumerate(BLOCKS):
        act(10 + number)
        for line in block:
            code, said = run(line)
            assert code == 0, (line, said)
    keys = [
        (tmp_path / "workspace" / "audit.pub").read_text().strip(),
        run("evenhand audit witness --state witness")[1],
    ]
    for line in re.findall(r"^python verifier\.py (.*)$", PAGE, re.MULTILINE):
        if "evidence" in line:
            continue
        words = line.replace("WITNESS", keys[1].strip()).replace("KEY", keys[0]).split()
        done = subprocess.run(
            [sys.executable, "-I", "-S", verifier.__file__, *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)


def test_every_command_is_on_the_page() -> None:
    known = {command.name or command.callback.__name__ for command in cli.audit.registered_commands if command.callback}
    assert set(re.findall(r"evenhand audit (\w+)", PAGE)) == known


def test_verify_ends_with_the_four_codes_and_says_what_it_cannot_detect(run: Run, tmp_path: Path) -> None:
    code, said = run("evenhand audit verify")
    assert (code, "no checkpoint held elsewhere" in said, "What this cannot detect:" in said) == (2, True, True)
    assert run("evenhand audit verify --checkpoint missing")[0] == 2
    run("evenhand audit key hospital.example/evenhand")
    run("evenhand audit checkpoint --out kept")
    assert run("evenhand audit verify --checkpoint kept")[0] == 0
    assert run("evenhand audit verify --checkpoint kept --max-age 0")[0] == 3
    run("evenhand audit key hospital.example/evenhand --out other.key")
    assert run("evenhand audit verify --checkpoint kept --verifier other.pub")[0] == 2
    kept = (tmp_path / "kept").read_text()
    (tmp_path / "workspace" / "ledger.sqlite").unlink()
    act(77)
    code, said = run("evenhand audit verify --checkpoint kept")
    assert (code, "counts 3 events, and 1 are left" in said) == (1, True)
    assert kept.splitlines()[1] == "3"


def test_what_would_prove_nothing_is_not_made(run: Run, tmp_path: Path) -> None:
    assert "There is no key" in run("evenhand audit checkpoint")[1]
    run("evenhand audit key hospital.example/evenhand")
    assert "there already" in run("evenhand audit key hospital.example/evenhand")[1]
    run("evenhand audit checkpoint --out kept")
    assert "not under the checkpoint" in run("evenhand audit receipt 4 --checkpoint kept")[1]
    code, said = run("evenhand audit witness --state w --name alone")
    assert (code, "--name and --log" in said) == (3, True)
    (tmp_path / "workspace" / "ledger.sqlite").unlink()
    for number in range(5):
        act(70 + number)
    assert "The first 3 events are not those of kept" in run("evenhand audit prove --from kept")[1]


def test_a_receipt_gives_away_what_was_written_only_when_asked(run: Run, tmp_path: Path) -> None:
    run("evenhand audit key hospital.example/evenhand")
    run("evenhand audit checkpoint --out kept")
    bare = json.loads(run("evenhand audit receipt 2 --checkpoint kept")[1])
    assert not {"body", "salt"} & set(bare)
    assert json.loads(run("evenhand audit receipt 2 --checkpoint kept --with-text")[1])["body"] == '{"i":1}'


def test_states_are_made_again_and_a_text_is_erased(run: Run) -> None:
    who = {"event_id": "f-1", "name": "Ada Osei", "role": "clinician", "model": "triage", "reason": "other"}
    flag = Flagged(**who, day=date(2026, 3, 4), version="v2", id="e-1", comment="name of a patient")  # type: ignore[arg-type]
    ledger = Ledger(f"sqlite:///{Path.cwd() / 'workspace' / 'ledger.sqlite'}")
    place = ledger.append(flag).sequence
    assert run("evenhand audit rebuild --check") == (0, "Every state is what the events say.\n")
    with sqlite3.connect("workspace/ledger.sqlite") as raw:
        raw.execute("DELETE FROM states")
    raw.close()
    assert run("evenhand audit rebuild --check")[0] == 1
    assert "now it is" in run("evenhand audit rebuild")[1]
    assert run("evenhand audit rebuild --check")[0] == 0
    assert "There is no event 99" in run("evenhand audit erase 99 --why asked")[1]
    assert run(f"evenhand audit erase {place} --why asked")[0] == 0
    assert ledger.events(kind="flagged")[0].event.body == {"erased": True}
    assert ledger.events(kind="erased")[0].event.verified
    assert ledger.verify().intact
    assert "cannot be erased" in run("evenhand audit erase 1 --why asked")[1]
