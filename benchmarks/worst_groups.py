"""A search for worst groups on a large log: seconds, processor seconds and memory of a fresh process.

    python benchmarks/worst_groups.py FOLDER/rollup-5000000/workspace [--depth 3]

Aim at 5 million rows: under 20 s. By accuracy every labelled case counts and a sample of 2 million is searched; by the
true positive rate only the positive ones do, and all of them are.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from dashboard.workspace import Workspace

METRICS = ("accuracy", "true_positive_rate")


def only(workspace: Path, metric: str, depth: int) -> None:
    """Does one search and prints its figures."""
    model = Workspace(workspace).model("five-million")
    model.extent()
    start, busy = time.perf_counter(), time.process_time()
    answer = model.worst_groups(metric, depth)
    seconds, processor = time.perf_counter() - start, time.process_time() - busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    done = answer.searched
    print(json.dumps([seconds, processor, memory, done.older + done.newer, done.crossings, len(answer.groups)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        only(args.workspace, args.only, args.depth)
        return
    for metric in METRICS:
        command = [sys.executable, __file__, str(args.workspace), "--depth", str(args.depth), "--only", metric]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(
            "{6}: {0:.1f} s ({1:.1f} s of the processor), {2} MB; {3:,} cases, {4:,} groups counted, {5} found".format(
                *found, metric
            )
        )


if __name__ == "__main__":
    main()
