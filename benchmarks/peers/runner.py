"""What every tool is asked: judge the weeks of streams one by one, and say what was alarmed, how long, how much memory.

A tool's script runs under that tool's interpreter, in the repository's folder:

    python -m benchmarks.peers.<tool> SECONDS FILE...

and prints one line of JSON for each file. Seconds are the processor's, of all threads together, without imports, since
others may use the machine. After so many of them no further week is judged. Memory is the process's peak, imports
included; it may address 18 GB: beyond that the tool fails, not the machine.
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

Alarm = tuple[str, str]  # the way it was found, and what it names
ADDRESSED = 18 * 2**30  # bytes
Judge = Callable[[Path], Iterator[list[Alarm]]]


def run(tool: str, version: str, ways: Sequence[str], judge: Judge) -> None:
    """Does judge the files of the command line. `judge` yields once when it is ready (nothing), then week by week."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSED, ADDRESSED))
    end = time.process_time() + float(sys.argv[1])
    about = {"tool": tool, "version": version, "python": platform.python_version(), "ways": list(ways)}
    for given in sys.argv[2:]:
        start = time.process_time()
        if start > end:
            return
        weeks = judge(Path(given))
        next(weeks)
        ready, alarms = time.process_time(), []
        for week in weeks:
            alarms.append(sorted(set(week)))
            if (now := time.process_time()) > end:
                break
        line = {"stream": Path(given).stem, **about, "once": ready - start, "week": (now - ready) / len(alarms)}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps(line | {"alarms": alarms, "peak_mb": peak}), flush=True)
