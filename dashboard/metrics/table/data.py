"""What there is: cases and their labels."""

from __future__ import annotations

from dashboard.metrics.table.entry import EVERY, RATE_SOURCE, entry

DATA = (
    entry(
        "count", "Count", "How many cases are there?", "n", "context", "", kind="data", unit="count", tasks=EVERY,
        source="counted",
    ),
    entry(
        "label_coverage", "Label coverage", "Of all cases, how many have their label?", "labelled / n", "higher", "",
        kind="data", tasks=EVERY, source=RATE_SOURCE,
    ),
)  # fmt: skip
