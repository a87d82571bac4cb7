"""What happened to a model, from all that knows: rollup, log, deliveries, policies, record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dashboard.log import Record
from dashboard.policy.history import history
from dashboard.report.anomalies import delivery_events, pipeline_events
from dashboard.report.anomaly_words import with_year
from dashboard.report.events import Event, in_order, on, policies, schema, versions

SAME = timedelta(days=3)  # an input that moved when its unit changed moved by that

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.report.unit_changes import UnitChange
    from dashboard.workspace import Model


def events(model: Model, since: date | None = None, until: date | None = None) -> list[Event]:
    """Returns anomalies, changes, versions, changed columns, policies and sign-offs, those that touch the days asked.

    What the rollup says is worked out once for each rollup. Sign-offs stand at the days that they answer for. Nothing
    is told that began after a model's `on`.
    """
    source, records = model.source(), model.batches()
    arrived = _newest(records)
    zone = ZoneInfo(model.contract.timezone)
    counted: list[Event] = source.snapshot.once(("events", arrived), lambda: _counted(model, arrived))
    known = [*counted, *delivery_events(records), *schema(records), *policies(history(model.paths.policies), zone)]
    found = in_order([*known, *_signed(model)])
    end = datetime.combine(model.on, time()) if model.on else datetime.max
    return [event for event in found if event.since < end and event.touches(since, until)]


def unit_changes(model: Model) -> list[UnitChange]:
    """Returns the features whose unit seems to have changed after the reference window, each with its sentence and
    with what the model made of it."""
    from dashboard.report.unit_changes import unit_changes
    from dashboard.report.unit_effects import effect

    reference, source = model.plan().by_log.reference, model.source()
    days = (reference.since, reference.until) if reference else None

    def found() -> list[UnitChange]:
        return [replace(one, effect=effect(source, one)) for one in unit_changes(model.paths, source, days)]

    told: list[UnitChange] = source.snapshot.once(("unit changes", days), found)
    return told


def _counted(model: Model, arrived: datetime | None) -> list[Event]:
    """Returns what the rollup says; of an input whose unit changed that, instead of its other level."""
    from dashboard.report.levels import input_changes, performance_changes

    source, held = model.source(), model.extent()
    units = [unit_event(one) for one in unit_changes(model)]
    at = {(event.feature, event.since) for event in units}
    moved = [
        event
        for event in input_changes(source, held.first, held.last + timedelta(days=1))
        if not any(event.feature == feature and abs(event.since - since) <= SAME for feature, since in at)
    ]
    better = performance_changes(source, held.first, held.complete_until)
    found = [*pipeline_events(source, arrived), *versions(source), *units, *moved, *better]
    return found if held.first.year == held.last.year else [with_year(event) for event in found]


def unit_event(found: UnitChange) -> Event:
    """Returns a changed unit as an event: the cause, and in the same sentence what the model made of it."""
    words = f"{found.sentence} {found.effect}".strip()
    until = on(found.until) if found.until else None
    size = max(found.scale, 1 / found.scale) if found.scale > 0 else 1.0
    short = f"{found.feature}: another unit" if found.now else f"{found.feature} rescaled"
    return Event("change", on(found.since), until, words, "unit", found.feature, found.scale, 1.0, short, size)


def _newest(records: Sequence[Record]) -> datetime | None:
    """Returns when the newest predictions arrived (UTC): the hours after it are not silent, they are yet to come."""
    arrived = (datetime.fromisoformat(record.arrived_at) for record in records if record.kind == "predictions")
    return max((moment.replace(tzinfo=None) for moment in arrived), default=None)


def _signed(model: Model) -> list[Event]:
    from dashboard.review import ledger
    from dashboard.review.events_kinds import act
    from dashboard.review.events_releases import SignedOff
    from dashboard.review.signoff import DECIDED

    acts = (act(recorded.event) for recorded in ledger.of(model.settings).events(model.name, "signed"))
    return [
        Event("sign-off", on(done.since), on(done.until), f"{DECIDED[done.decision].capitalize()} by {done.name}.")
        for done in acts
        if isinstance(done, SignedOff)
    ]
