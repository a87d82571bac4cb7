"""Every figure of benchmarks/README.md, one after the other: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "build" / "bench"
ROWS = "5000000"
RUNS = (
    ("intake.py", "--rows", ROWS, "--folder", str(FOLDER)),
    ("rollup.py", str(FOLDER), "--rows", ROWS),
    ("metricframe.py",),
    ("pages.py", str(FOLDER / f"rollup-{ROWS}" / "workspace")),
    ("worst_groups.py", str(FOLDER / f"rollup-{ROWS}" / "workspace")),
)

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for script, *arguments in RUNS:
        print(f"\n{script} {' '.join(arguments)}", flush=True)
        subprocess.run([sys.executable, HERE / script, *arguments], check=True)
