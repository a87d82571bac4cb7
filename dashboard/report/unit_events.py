"""Units that seem to have changed, as events on the one line of time."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.report.anomaly_words import ratio
from dashboard.report.events import Event, on
from dashboard.report.unit_changes import UnitChange, figure


def events(changes: Sequence[UnitChange]) -> list[Event]:
    """Returns the changes as events: the cause, and in the same sentence what the model made of it."""
    return [
        Event(
            "change", on(one.since), on(one.until) if one.until else None, f"{one.sentence} {one.effect}".strip(),
            "unit", one.feature, one.scale, 1.0, f"{one.where} × {figure(one.scale)}", ratio(one.scale, 1.0),
        )
        for one in changes
    ]  # fmt: skip
