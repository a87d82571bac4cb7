"""Readings become figures: one function for each question, and the words and marks that go with them."""

from __future__ import annotations

from dashboard.charts.budget import budget_left
from dashboard.charts.calibration import confidence_bands, gap_dots, reliability_curve, small_reliability, top_of
from dashboard.charts.deliveries import columns_strip, daily_medians
from dashboard.charts.disparity import disparity_over_time
from dashboard.charts.effects import effect_dots
from dashboard.charts.events import LANES, timeline
from dashboard.charts.failures import failures_by_status
from dashboard.charts.features import (
    categories_against_now,
    missing_strip,
    orders,
    reasons_strip,
    reference_against_now,
    shares_of_inputs,
)
from dashboard.charts.frontier import frontier
from dashboard.charts.groups import interval_dots, ranked_dots
from dashboard.charts.labels import delay_curves, missing_labels
from dashboard.charts.latency import heat_map, load_line
from dashboard.charts.law import ratio_dots
from dashboard.charts.load import latency_against_load
from dashboard.charts.mix import small_shares
from dashboard.charts.outcomes import icon_array, per_thousand
from dashboard.charts.scores import small_mirrored
from dashboard.charts.spark import spark
from dashboard.charts.strip import signed_bar, strip
from dashboard.charts.trend import over_time, small_trend
from dashboard.charts.versions import version_dots
from dashboard.charts.waterfall import waterfall
from dashboard.charts.worst import worst_dots

__all__ = [
    "LANES",
    "budget_left",
    "categories_against_now",
    "columns_strip",
    "confidence_bands",
    "daily_medians",
    "delay_curves",
    "disparity_over_time",
    "effect_dots",
    "failures_by_status",
    "frontier",
    "gap_dots",
    "heat_map",
    "icon_array",
    "interval_dots",
    "latency_against_load",
    "load_line",
    "missing_labels",
    "missing_strip",
    "orders",
    "over_time",
    "per_thousand",
    "ranked_dots",
    "ratio_dots",
    "reasons_strip",
    "reference_against_now",
    "reliability_curve",
    "shares_of_inputs",
    "signed_bar",
    "small_mirrored",
    "small_reliability",
    "small_shares",
    "small_trend",
    "spark",
    "strip",
    "timeline",
    "top_of",
    "version_dots",
    "waterfall",
    "worst_dots",
]
