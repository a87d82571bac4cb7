"""A model in a workspace of its own, and the log read back as plain rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dashboard import contract, ingest, log, settings, store
from dashboard.contract import Contract
from dashboard.sql import listing

CONTRACT = """
[model]
name = "triage"
task = "binary"
positive = "1"
[columns]
id = "id"
time = "time"
version = "version"
score = "score"
decision = "decision"
label = "label"
latency_ms = "ms"
status = "status"
[attributes.sex]
column = "sex"
[features.lactate]
kind = "numeric"
"""
HEADER = "id,time,version,score,decision,label,ms,status,sex,lactate"


@dataclass(frozen=True)
class Intake:
    """One model's intake: write a file, take it in, read the log."""

    folder: Path
    paths: settings.ModelPaths
    contract: Contract

    def write(self, name: str, *lines: str, header: str | None = HEADER) -> Path:
        path = self.folder / name
        path.write_text("\n".join(([header] if header else []) + list(lines)) + "\n", encoding="utf-8")
        return path

    def predictions(self, *files: Path | str, **options: Any) -> ingest.Receipt:
        return ingest.predictions(self.paths, self.contract, files, **options)[-1]

    def labels(self, *files: Path | str) -> ingest.Receipt:
        return ingest.labels(self.paths, self.contract, files)[-1]

    def rows(self, what: log.What, columns: str = "*") -> list[tuple[Any, ...]]:
        """Returns the rows that exist, as readers find them: through the records."""
        files = log.files(self.paths.log, what)
        if not files:
            return []
        relation = f"read_parquet({listing(str(file.path) for file in files)}, union_by_name = true)"
        with store.connect(threads=1) as connection:
            return connection.execute(f"SELECT {columns} FROM {relation} ORDER BY ALL").fetchall()

    def rejected(self) -> dict[str, Any]:
        """Returns reason to row, the row as JSON where it is one."""
        return {
            reason: json.loads(row) if row.startswith("{") else row
            for reason, row in self.rows("rejected", "reason, row")
        }

    def everything(self) -> dict[str, bytes]:
        """Returns every file under the log with its bytes."""
        found = sorted(path for path in self.paths.log.rglob("*") if path.is_file())
        return {path.relative_to(self.paths.log).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    return Intake(
        tmp_path, settings.model_paths(tmp_path / "workspace", "triage"), contract.parse(CONTRACT, "the test")
    )
