"""What the model's work is worth, in the contract's unit."""

from __future__ import annotations

from dashboard.metrics.table.entry import BOTH, EVERY, entry

VALUE = (
    entry(
        "value_per_case", "Value per case", "What is a case worth on average, by the contract's value matrix?",
        "(v_tp tp + v_fp fp + v_fn fn + v_tn tn) / n", "higher", f"{BOTH} matrix", unit="value",
        source="Wilson (1927) for each step of value, joined by MOVER (Zou 2007)",
    ),
    entry(
        "total_value", "Total value", "What are the labelled cases worth together, by the contract's value matrix?",
        "v_tp tp + v_fp fp + v_fn fn + v_tn tn", "higher", f"{BOTH} matrix", unit="value", source="counted",
        family="value_per_case",
    ),
    entry(
        "logged_value_per_case", "Logged value per case", "What is a case worth on average, by the logged value?",
        "mean of the logged value", "higher", "value", unit="value", tasks=EVERY, source="Student's t",
    ),
    entry(
        "total_logged_value", "Total logged value", "What are the cases worth together, by the logged value?",
        "sum of the logged value", "higher", "value", unit="value", tasks=EVERY, source="counted",
        family="logged_value_per_case",
    ),
)  # fmt: skip
