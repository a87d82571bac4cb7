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
        "energy_per_1000", "Energy of 1,000 answers", "How many watt-hours do 1,000 answers use?",
        "1000 sum of energy_wh / n measured", "lower", "energy", kind="service", unit="Wh", tasks=EVERY,
        source="Cochran (1977), 6.3, a ratio of sums by hour",
    ),
    entry(
        "co2e_per_1000", "CO2e of 1,000 answers", "How many grams of CO2e go with 1,000 answers?",
        "energy_per_1000 x grid_gco2_per_kwh / 1000", "lower", "energy", kind="service", unit="g", tasks=EVERY,
        source="the contract's stated grid intensity",
    ),
    entry(
        "cost_per_1000", "Cost of 1,000 answers", "What do 1,000 answers cost?",
        "1000 sum of cost / n with a cost; without a cost column as stated in the contract", "lower", "",
        kind="service", unit="money", tasks=EVERY, source="Cochran (1977), 6.3, a ratio of sums by hour; or stated",
    ),
    entry(
        "promise_kept", "Promise kept", "Of all answers, how many kept the promise that the policy makes?",
        "kept / n, by [[slo]] of policy.toml", "higher", "", kind="service", tasks=EVERY, source=RATE_SOURCE,
    ),
)  # fmt: skip
