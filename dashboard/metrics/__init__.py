"""What every metric is called, asks, needs and means: the table `METRICS`, read by reports, policies, pages and docs.

The numbers themselves are in the modules beside it: `performance` (from counts of label and decision, from sums of
losses), `fairness` (from one rate per group), `drift` (from two histograms) and `service` (from a latency histogram).
This table imports none of them, so that a policy can be read without numpy.
"""

from __future__ import annotations

from dashboard.metrics.table import METRICS, OF_A_CLASS, metric
from dashboard.metrics.table.entry import Better, Kind, Metric
from dashboard.metrics.table.rates import RATES

__all__ = ["METRICS", "OF_A_CLASS", "RATES", "Better", "Kind", "Metric", "metric"]
