"""Makes the peers' environments, runs every tool on the same streams and writes docs/benchmarks.md.

    python -m benchmarks.peers OUT          # an hour on two cores; installs Evidently and NannyML under OUT
    python -m benchmarks.peers              # only makes the page again, from docs/benchmarks.json

Each tool has the same processor time for a size; after that it judges no further week, so that a slower one judges
fewer streams. A run that was ended goes on from OUT/lines.json when it is started again.
One that could not judge a whole stream of one size is not given the next. Usage reports of the peers are switched off.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.peers.comparison import costs, verdicts
from benchmarks.peers.data import JUDGED, PLANTED, REFERENCE, Stream
from benchmarks.peers.page import page

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
KEPT, PAGE = ROOT / "docs" / "benchmarks.json", ROOT / "docs" / "benchmarks.md"
TOOLS = ("evenhand", "nannyml", "evidently")
SILENT = {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1", "PYTHONPATH": str(ROOT)}
SCENARIOS = ("shift", "no drift, days vary", "correlation", "label", "unit", "mix", "no drift")


@dataclass(frozen=True)
class Size:
    """So many rows a week, each scenario with so many seeds, the judged weeks, the processor seconds each tool has."""

    rows: int
    seeds: int
    seconds: int
    scenarios: tuple[str, ...] = SCENARIOS
    judged: int = JUDGED

    @property
    def streams(self) -> list[Stream]:
        """Returns its streams, seed by seed; no two scenarios are drawn from the same random numbers."""
        return [
            Stream(scenario, self.rows, 100 * seed + list(PLANTED).index(scenario), REFERENCE + self.judged)
            for seed in range(1, self.seeds + 1)
            for scenario in self.scenarios
        ]


SIZES = (
    Size(1_000, 3, 700),
    Size(10_000, 1, 300),
    Size(100_000, 1, 120, SCENARIOS[:2]),
    Size(1_000_000, 1, 120, SCENARIOS[:1], 6),
)


def interpreter(tool: str, out: Path) -> Path:
    """Returns the Python of a tool; a peer's environment is made where it is missing."""
    if tool == "evenhand":
        return Path(sys.executable)
    python = out / tool / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", out / tool], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / f"{tool}.txt"], check=True)
    return python


def ran(python: Path, tool: str, size: Size, files: Sequence[Path]) -> list[dict[str, Any]]:
    """Returns what one tool says of the streams of one size, in a process of its own; less where it fails."""
    command: list[str | Path] = [python, "-m", f"benchmarks.peers.{tool}", str(size.seconds), *files]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | SILENT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(f"{size.rows:,} rows a week, {tool}: ended with {done.returncode}", file=sys.stderr, flush=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"stream"')]


def measured(out: Path) -> list[dict[str, Any]]:
    """Returns the lines of all tools on all streams. What OUT/lines.json has of an earlier run is not run again."""
    kept = out / "lines.json"
    lines = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else []
    tools = list(TOOLS)
    for size in SIZES:
        for tool in tuple(tools):
            if not (said := _of(lines, size, tool)):
                lines += (said := ran(interpreter(tool, out), tool, size, written(size, out)))
                kept.write_text(json.dumps(lines), encoding="utf-8")
            whole = sum(len(line["alarms"]) == size.judged for line in said)
            print(f"{size.rows:,} rows, {tool}: {whole} of {len(size.streams)} streams", file=sys.stderr, flush=True)
            if not whole:
                tools.remove(tool)
        for stream in size.streams:
            (out / f"{stream.name}.parquet").unlink(missing_ok=True)
    return lines


def written(size: Size, out: Path) -> list[Path]:
    """Returns the files of a size's streams; another process writes them, so that this one stays small."""
    names = [stream.name for stream in size.streams]
    writing = [sys.executable, "-m", "benchmarks.peers.data", str(out), str(REFERENCE + size.judged), *names]
    subprocess.run(writing, check=True, cwd=ROOT)
    return [out / f"{name}.parquet" for name in names]


def _of(lines: Sequence[dict[str, Any]], size: Size, tool: str) -> list[dict[str, Any]]:
    """Returns what one tool has said of one size."""
    return [one for one in lines if one["tool"].lower() == tool and Stream.named(one["stream"]).rows == size.rows]


def main() -> None:
    if len(sys.argv) > 1:
        out = Path(sys.argv[1]).resolve()
        out.mkdir(parents=True, exist_ok=True)
        lines = measured(out)
        tools = {line["tool"]: {"version": line["version"], "python": line["python"]} for line in lines}
        about: dict[str, Any] = {"sizes": [size.rows for size in SIZES]}
        about |= {"day": datetime.now(UTC).date().isoformat(), "cores": os.cpu_count(), "system": platform.system()}
        kept = {"about": about, "tools": tools, "costs": costs(lines), "verdicts": verdicts(lines)}
        text = ",\n".join(f'"{key}": {_rows(value)}' for key, value in kept.items())
        KEPT.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
    made = page(json.loads(KEPT.read_text(encoding="utf-8")))
    PAGE.write_text(made, encoding="utf-8")
    print(made)


def _rows(value: Any) -> str:
    """Returns JSON, a list with a line for each row."""
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(row) for row in value) + "\n]"


if __name__ == "__main__":
    main()
