"""How quickly and how reliably answers come."""

from __future__ import annotations

from dashboard.metrics.table.entry import EVERY, RATE_SOURCE, entry

_QUANTILE_SOURCE = "order statistics of a log histogram, relative error at most 1 %"

SERVICE = (
    *(
        entry(
            f"latency_p{percent}", f"Latency, {percent} of 100",
            f"Within how many milliseconds do {percent} of 100 answers come?",
            f"{percent / 100:g} quantile of latency", "lower", "latency", kind="service", unit="ms", tasks=EVERY,
            source=_QUANTILE_SOURCE,
        )
        for percent in (50, 95, 99)
    ),
    entry(
        "error_rate", "Error rate", "Of all requests, how many failed?", "failed / n", "lower", "status",
        kind="service",
        tasks=EVERY, source=RATE_SOURCE,
    ),
    entry(
        "throughput", "Throughput", "How many requests come in an hour?", "n / hours", "context", "", kind="service",
        unit="per hour", tasks=EVERY, source="counted",
    ),
    entry(
        "promise_kept", "Promise kept", "Of all answers, how many kept the promise that the policy makes?",
        "kept / n, by [[slo]] of policy.toml", "higher", "", kind="service", tasks=EVERY, source=RATE_SOURCE,
    ),
)  # fmt: skip
