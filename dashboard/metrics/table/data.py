"""What there is: cases and their labels."""

from __future__ import annotations

from dashboard.metrics.table.entry import EVERY, RATE_SOURCE, entry

BY_DAY = f"{RATE_SOURCE}, n divided by the design effect of days"

DATA = (
    entry(
        "count", "Count", "How many cases are there?", "n", "context", "", kind="data", unit="count", tasks=EVERY,
        source="counted",
    ),
    entry(
        "label_coverage", "Label coverage", "Of all cases, how many have their label?", "labelled / n", "higher", "",
        kind="data", tasks=EVERY, source=RATE_SOURCE,
    ),
    entry(
        "missing_rate", "Missing rate", "Of all rows, how many have no value of this feature?", "missing / n", "lower",
        "feature", kind="data", tasks=EVERY, source=BY_DAY,
    ),
    entry(
        "out_of_range_rate", "Out-of-range rate", "Of a feature's values, how many lie outside the contract's range?",
        "out of range / values that are there", "lower", "feature", kind="data", tasks=EVERY, source=BY_DAY,
    ),
    entry(
        "unseen_category_rate", "Unseen-category rate",
        "Of a feature's values, how many are a category that the reference does not have?",
        "values of unseen categories / values that are there", "lower", "feature reference", kind="data", tasks=EVERY,
        source=BY_DAY,
    ),
    entry(
        "wrong_type_rate", "Wrong-type rate",
        "Of all rows, how many have a value of this feature that is not a number and so was not kept?", "unread / n",
        "lower", "feature", kind="data", tasks=EVERY, source=BY_DAY,
    ),
    entry(
        "late_rate", "Late rate", "Of all rows, how many arrived a day (24 hours) or more after their time?",
        "late / n", "lower", "", kind="data", tasks=EVERY, source=BY_DAY,
    ),
    entry(
        "duplicate_rate", "Duplicate rate", "Of all rows delivered, how many have an id that had come before that day?",
        "repeated ids / rows delivered, by the day of the row", "lower", "", kind="data", tasks=EVERY, source=BY_DAY,
    ),
    entry(
        "rejected_rate", "Rejected rate", "Of all rows delivered, how many were turned away?",
        "rejected / rows delivered, by the day of the row, else the last of its delivery", "lower", "", kind="data",
        tasks=EVERY, source=BY_DAY,
    ),
)  # fmt: skip
