"""What happened to a model, from all that knows: rollup, log, deliveries, policies, record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dashboard.contract.history import history as contract_history
from dashboard.log import Record
from dashboard.policy.history import history
from dashboard.report.anomalies import delivery_events, pipeline_events
from dashboard.report.anomaly_words import with_year
from dashboard.report.events import Event, contracts, in_order, on, policies, schema, versions
from dashboard.report.feed import Feed
from dashboard.report.feed import feed as feed_of

SAME = timedelta(days=3)  # an input that moved when its unit changed moved by that

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.report.stuck import Stuck
    from dashboard.report.unit_changes import UnitChange
    from dashboard.workspace import Model


def events(
    model: Model, since: date | None = None, until: date | None = None, now: datetime | None = None
) -> list[Event]:
    """Returns anomalies, changes, new units, columns and versions, policies and sign-offs that touch the days asked.

    What the rollup says is worked out once for each rollup. Sign-offs stand at the days that they answer for. Nothing
    is told that began after a model's `on`. That predictions have stopped is told as of `now` (the clock).
    """
    source, records = model.source(), model.batches()
    silent = feed(model, now).event
    arrived = _newest(records)
    zone = ZoneInfo(model.contract.timezone)
    counted: list[Event] = source.snapshot.once(("events", arrived), lambda: _counted(model, arrived))
    known = [
        *counted,
        *(one.event for one in stuck(model)),
        *delivery_events(records),
        *schema(records),
        *contracts(contract_history(model.paths.contracts), zone),
        *policies(history(model.paths.policies), zone),
    ]
    found = in_order([*known, *_signed(model), *([silent] if silent else [])])
    end = datetime.combine(model.on, time()) if model.on else datetime.max
    return [event for event in found if event.since < end and event.touches(since, until)]


def feed(model: Model, now: datetime | None = None) -> Feed:
    """Returns whether predictions still come at a moment: now, or when the day of a model's `on` begins."""
    zone = ZoneInfo(model.contract.timezone)
    moment = datetime.combine(model.on, time(), zone) if model.on else now or datetime.now(UTC)
    return feed_of(model.source(), model.batches(), moment, zone, model.settings.silent_hours)


def unit_changes(model: Model) -> list[UnitChange]:
    """Returns the features whose unit seems to have changed after the reference window, each with its sentence and
    with what the model made of it."""
    from dashboard.report.unit_changes import unit_changes
    from dashboard.report.unit_effects import effect

    reference, source = _reference(model), model.source()

    def found() -> list[UnitChange]:
        return [replace(one, effect=effect(source, one)) for one in unit_changes(model.paths, source, reference)]

    told: list[UnitChange] = source.snapshot.once(("unit changes", reference), found)
    return told


def _counted(model: Model, arrived: datetime | None) -> list[Event]:
    """Returns what the rollup says; of an input whose unit changed that, instead of its other level."""
    from dashboard.report.levels import input_changes, performance_changes
    from dashboard.report.unit_events import events as unit_events

    source, held = model.source(), model.extent()
    units = unit_events(unit_changes(model))
    at = {(event.feature, event.since) for event in units}
    moved = [
        event
        for event in input_changes(source, held.first, held.last + timedelta(days=1))
        if not any(event.feature == feature and abs(event.since - since) <= SAME for feature, since in at)
    ]
    better = performance_changes(source, held.first, held.complete_until)
    found = [*pipeline_events(source, arrived), *versions(source), *units, *moved, *better]
    return found if held.first.year == held.last.year else [with_year(event) for event in found]


def units_not_looked_at(model: Model) -> list[str]:
    """Returns the features that look unlike the reference and were too many to look at in the log."""
    from dashboard.report.unit_changes import not_looked_at

    return not_looked_at(model.source(), _reference(model))


def stuck(model: Model) -> list[Stuck]:
    """Returns the features that varied in the reference and have one value, or had for days, each with its sentence."""
    from dashboard.report.stuck import stuck

    source, reference = model.source(), _reference(model)
    found: list[Stuck] = source.snapshot.once(("stuck", reference), lambda: stuck(model.paths, source, reference))
    return found


def _reference(model: Model) -> tuple[date, date] | None:
    reference = model.plan().by_log.reference
    return (reference.since, reference.until) if reference else None


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
