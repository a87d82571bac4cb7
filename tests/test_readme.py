"""The README is true: its commands exist, its pages are there, its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import typer

from dashboard import cli
from dashboard.ui import menu

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRACT = """[model]
name = "triage"
task = "binary"
positive = "1"
[columns]
id = "id"
time = "time"
score = "score"
label = "label"
[attributes.sex]
column = "sex"
"""


def test_it_starts_with_the_two_commands() -> None:
    first = re.search(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    assert first
    assert [line.split("#")[0].strip() for line in first.group(1).splitlines()] == ["make demo", "make test"]


def test_every_command_is_in_it_and_it_names_no_other() -> None:
    known = set(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"^evenhand (\w+)", TEXT, re.MULTILINE)) | {"demo"} == known


def test_every_page_is_in_it() -> None:
    listed = re.findall(r"^\| ([A-Z][\w-]+) \|", TEXT, re.MULTILINE)
    assert listed == [title for names in menu.MENU.values() for title in names.values()]


def test_every_file_that_it_links_to_is_there() -> None:
    assert [link for link in re.findall(r"\]\(([^)#]+)\)", TEXT) if not (ROOT / link).exists()] == []


def test_every_make_target_that_it_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", TEXT)) <= targets


def test_its_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "workspace" / "models" / "triage"
    folder.mkdir(parents=True)
    (folder / "contract.toml").write_text(CONTRACT, encoding="utf-8")
    times = pd.date_range("2026-01-01", periods=200, freq="h")
    numbers = range(200)
    frame = pd.DataFrame(
        {
            "id": [f"a{i}" for i in numbers],
            "time": times,
            "score": [i % 10 / 10 for i in numbers],
            "label": [int(i % 3 == 0) for i in numbers],
            "sex": ["F" if i % 2 else "M" for i in numbers],
        }
    )
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(code, {"frame": frame})
    assert {line.split()[1] for line in capsys.readouterr().out.splitlines()} == {"F", "M"}
