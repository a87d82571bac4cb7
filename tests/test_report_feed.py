"""A feed that stopped is told against the clock; a log that ended long ago is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from dashboard.errors import EvenhandError
from dashboard.log import Record
from dashboard.report.feed import Feed, feed
from dashboard.workspace import Model, Workspace
from tests.worlds import START, Spec, World, build

SPEC = Spec(seed=2, rows=300, days=30)
LAST = START + timedelta(days=29)
ZONE = ZoneInfo("Europe/Rome")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(SPEC, tmp_path_factory.mktemp("feed"))


def delivered(at: datetime, day: date, batch: str) -> Record:
    """Returns the record of a delivery that came at a moment and is about a day."""
    files = ({"path": f"{batch}.parquet", "day": day.isoformat(), "rows": 9, "what": "predictions"},)
    return Record(batch, "predictions", "f", batch, at.replace(tzinfo=None).isoformat(), {}, 9, 0, 0, files=files)


def daily(days: int, hour: int = 1) -> list[Record]:
    """Returns deliveries each night about the day before, the newest about the last day of the log."""
    first = datetime.combine(LAST - timedelta(days=days - 2), datetime.min.time(), UTC) + timedelta(hours=hour)
    nights = [first + timedelta(days=k) for k in range(days)]
    return [delivered(at, at.date() - timedelta(days=1), f"p{k}") for k, at in enumerate(nights)]


def after(records: Sequence[Record], hours: float) -> datetime:
    return datetime.fromisoformat(records[-1].arrived_at).replace(tzinfo=UTC) + timedelta(hours=hours)


def told(world: World, records: Sequence[Record], hours: float, most: float | None = None) -> Feed:
    return feed(world.model.source(), records, after(records, hours), ZONE, most)


def test_a_nightly_feed_has_stopped_after_a_day_and_a_half(world: World) -> None:
    records = daily(20)
    assert told(world, records, 35).state == "coming"
    found = told(world, records, 37)
    assert found.sentence == (
        "No predictions have come for 37 hours, since 23 February, 02:00; usually a delivery comes within 24 hours."
    )
    assert found.event is not None
    assert (found.event.series, found.event.since, found.event.until) == ("silence", datetime(2026, 2, 23, 2), None)


def test_weekends_and_one_long_gap_are_usual(world: World) -> None:
    workdays = [one for one in daily(40) if datetime.fromisoformat(one.arrived_at).weekday() < 5]
    assert told(world, workdays, 100).state == "coming"  # three days are usual, so are 1.5 times as many
    once = [one for k, one in enumerate(daily(40)) if not 20 <= k < 30]
    assert told(world, once, 37).state == "stopped"  # ten days without any happened once, so they are not usual


def test_what_stopped_long_ago_has_ended(world: World) -> None:
    assert told(world, daily(20), 24 * 29).state == "stopped"
    assert told(world, daily(20), 24 * 31) == Feed("ended", "The log ends on 22 February 2026; nothing has come since.")


def test_a_log_taken_in_afterwards_has_no_rhythm(world: World) -> None:
    at = datetime(2026, 9, 1, tzinfo=UTC)
    afterwards = [delivered(at + timedelta(minutes=k), START + timedelta(days=k), f"p{k}") for k in range(20)]
    assert told(world, afterwards, 5).state == "ended"
    few = daily(4)
    assert told(world, few, 200).state == "ended"
    assert told(world, few, 20).state == "coming"


def test_replaced_deliveries_and_labels_are_no_deliveries_of_predictions(world: World) -> None:
    records = daily(20)
    later = replace(
        records[-1], batch="l", kind="labels", arrived_at=after(records, 36).replace(tzinfo=None).isoformat()
    )
    assert feed(world.model.source(), [*records, later], after(records, 37), ZONE).state == "stopped"


def test_the_workspace_can_say_how_many_hours_are_allowed(tmp_path: Path) -> None:
    world = build(SPEC, tmp_path)
    end = pd.Timestamp(world.frame["predicted_at"].max()).to_pydatetime()
    (tmp_path / "evenhand.toml").write_text("[watch]\nsilent_hours = 6\n")
    model = Workspace(tmp_path).model(world.model.name)
    now = (end + timedelta(hours=9)).replace(tzinfo=UTC)
    found = [one for one in model.events(now=now) if one.series == "silence" and one.until is None]
    assert "evenhand.toml allows 6 hours" in found[0].sentence
    assert model.feed(end.replace(tzinfo=UTC) + timedelta(hours=2)).state == "coming"
    (tmp_path / "evenhand.toml").write_text("[watch]\nsilent_hours = 0\n")
    with pytest.raises(EvenhandError, match="hours above 0"):
        Workspace(tmp_path).model(world.model.name).feed()


def test_as_of_a_day_now_is_when_it_began(world: World) -> None:
    model: Model = world.model
    assert model.feed().state == "ended"
    assert model.as_of(START + timedelta(days=10)).feed().state == "coming"


def test_a_unit_that_the_contract_changes_is_an_event(tmp_path: Path) -> None:
    world = build(SPEC, tmp_path)
    path = world.model.paths.contract
    for unit in ("mmol/L", "mmol/L", "mg/dL"):
        text = SPEC.contract.replace("[features.lactate]", f'[features.lactate]\nunit = "{unit}"')
        path.write_text(text, encoding="utf-8")
        Workspace(tmp_path).model(world.model.name).rollup()
    told = [one for one in Workspace(tmp_path).model(world.model.name).events() if one.kind == "schema"]
    assert [one.sentence for one in told] == [
        "The contract was edited: the unit of lactate is mmol/L; before, not stated.",
        "The contract was edited: the unit of lactate is mg/dL; before, mmol/L.",
    ]
