"""What every picture keeps: nobody is told apart by colour alone, nothing is drawn that cannot be computed."""

from __future__ import annotations

import re
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from dashboard import charts, ui
from dashboard.charts import palette, words
from dashboard.ui import marks

COLUMNS = [
    "kind", "metric", "attribute", "group", "reference", "feature", "version", "since", "until", "value", "low", "high",
    "n", "numerator", "denominator", "method", "note",
]  # fmt: skip
THEME = tomllib.loads((Path(ui.__file__).parent / "theme.toml").read_text(encoding="utf-8"))["theme"]


def readings(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([dict.fromkeys(COLUMNS) | row for row in rows])


def group(name: str, value: float | None, state: str | None = None, n: int = 100, **more: Any) -> dict[str, Any]:
    low, high = (None, None) if value is None else (value - 0.05, value + 0.05)
    counts = {"n": n, "numerator": None if value is None else round(value * n), "denominator": n}
    return {"metric": "true_positive_rate", "group": name, "value": value, "low": low, "high": high} | counts | {
        "state": state
    } | more  # fmt: skip


def weeks(metric: str, values: list[float]) -> list[dict[str, Any]]:
    days = pd.date_range("2026-03-02", periods=len(values) + 1, freq="7D").strftime("%Y-%m-%d")
    return [
        group("", value) | {"metric": metric, "group": None, "since": since, "until": until}
        for value, since, until in zip(values, days[:-1], days[1:], strict=True)
    ]


def points(figure: Any) -> list[tuple[Any, Any]]:
    return [
        (x, y)
        for trace in figure.data
        if "markers" in (trace.mode or "")
        for x, y in zip(trace.x, trace.y, strict=True)
    ]


@pytest.mark.parametrize("paper", [palette.PAPER, palette.NIGHT])
def test_every_mark_stands_out_on_light_and_on_dark_paper(paper: str) -> None:
    colours = [*palette.GROUPS, palette.REFERENCE, palette.QUIET, *(state.colour for state in palette.STATES.values())]
    assert min(palette.contrast(colour, paper) for colour in colours) >= 3


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_themes_text_and_links_meet_wcag(mode: str) -> None:
    theme = THEME[mode]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert palette.contrast(theme["textColor"], ground) >= 7
        assert palette.contrast(theme["linkColor"], ground) >= 4.5
        assert palette.contrast(theme["primaryColor"], ground) >= 4.5


def test_the_papers_of_charts_and_theme_are_the_same() -> None:
    assert (THEME["light"]["backgroundColor"], THEME["dark"]["backgroundColor"]) == (palette.PAPER, palette.NIGHT)
    assert {mode: THEME[mode]["textColor"] for mode in ("light", "dark")} == palette.INKS
    assert tuple(THEME["chartCategoricalColors"]) == palette.GROUPS


def test_no_two_states_share_a_word_a_glyph_or_a_colour() -> None:
    for one, other in combinations(palette.STATES.values(), 2):
        assert one.word != other.word
        assert one.glyph != other.glyph
        assert one.colour != other.colour


def test_no_two_states_share_a_drawing() -> None:
    drawings = re.findall(r"url\(\"([^\"]+)\"\)", marks.style_rules())
    uncoloured = [re.sub(r"%23[0-9a-f]{6}", "", drawing) for drawing in drawings]
    assert len(set(uncoloured)) == len(palette.STATES) + 1


def test_what_cannot_be_computed_gets_no_point_but_keeps_its_row() -> None:
    figure = charts.interval_dots(readings(group("F", 0.7, "within"), group("X", None, "cannot be computed", n=0)))
    assert len(points(figure)) == 1
    assert len(figure.layout.yaxis.ticktext) == 2


def test_a_group_below_the_minimum_is_never_coloured_and_is_ringed() -> None:
    figure = charts.interval_dots(readings(group("X", 0.6, "cannot be computed", n=12)))
    (drawn,) = (trace for trace in figure.data if trace.mode == "markers")
    assert drawn.marker.opacity == (0.0,)
    assert [shape.type for shape in figure.layout.shapes] == ["circle"]
    assert {trace.line.color for trace in figure.data if trace.mode == "lines"} == {palette.QUIET}


def test_a_half_disc_is_drawn_for_every_inconclusive_group() -> None:
    rows = [group(name, 0.5, "inconclusive") for name in "ABC"] + [group("D", 0.5, "within")]
    figure = charts.interval_dots(readings(*rows))
    assert sum(shape.type == "path" for shape in figure.layout.shapes) == 3


def test_the_reference_comes_first_and_is_neutral() -> None:
    figure = charts.interval_dots(readings(group("A", 0.5, "within"), group("M", 0.6)), reference="M")
    assert figure.layout.yaxis.ticktext[0].startswith("<b>M</b>")
    diamond = next(trace for trace in figure.data if trace.marker.symbol == "diamond")
    assert diamond.marker.color == palette.REFERENCE


def test_every_interval_drawn_is_the_readings_own() -> None:
    frame = readings(group("A", 0.5, "within"), group("B", 0.7, "outside"))
    lines = [trace for trace in charts.interval_dots(frame).data if trace.mode == "lines"]
    drawn = sorted(
        (end, place) for line in lines for end, place in zip(line.x, line.y, strict=True) if place is not None
    )
    assert drawn == [(pytest.approx(end), place) for end, place in ((0.45, 0), (0.55, 0), (0.65, 1), (0.75, 1))]


def test_every_group_shows_its_counts() -> None:
    figure = charts.interval_dots(readings(group("A", 0.5, n=200)))
    assert "100 of 200" in figure.layout.yaxis.ticktext[0]


def test_features_are_ranked_the_most_moved_on_top() -> None:
    rows = [{"metric": "psi", "feature": f, "value": v, "n": 10} for f, v in (("a", 0.1), ("b", None), ("c", 0.3))]
    figure = charts.ranked_dots(readings(*rows), (None, 0.1), "enough to matter")
    assert [re.findall("<b>(.*?)</b>", text)[0] for text in figure.layout.yaxis.ticktext] == ["c", "a", "b"]
    assert "enough to matter" in {words_.text for words_ in figure.layout.annotations}


def test_what_is_estimated_is_hollow_and_dashed() -> None:
    rows = weeks("accuracy", [0.8, 0.82]) + weeks("estimated_accuracy", [0.81])
    realised, estimated = sorted(
        charts.over_time(readings(*rows)).data, key=lambda trace: trace.line.dash, reverse=True
    )
    assert (realised.marker.symbol, realised.line.dash) == ("circle", "solid")
    assert (estimated.marker.symbol, estimated.line.dash) == ("circle-open", "dot")


def test_days_whose_labels_are_still_coming_are_hollow_and_dashed() -> None:
    rows = readings(*weeks("accuracy", [0.8, 0.82, 0.7]))
    complete, coming = charts.over_time(rows, settled=rows["until"][1]).data
    assert (complete.marker.symbol, len(complete.x), complete.line.dash) == ("circle", 2, "solid")
    assert (coming.marker.symbol, len(coming.x), coming.line.dash) == ("circle-open", 1, "dot")


def happened(*rows: tuple[str, str | None, str, bool, str]) -> pd.DataFrame:
    events = pd.DataFrame(rows, columns=["time", "until", "lane", "stays", "short"])
    dated = events.assign(time=pd.to_datetime(events["time"]), until=pd.to_datetime(events["until"]))
    return dated.assign(text=events["short"] + " happened.")


def test_the_timeline_spans_the_log_and_has_a_lane_for_each_kind() -> None:
    rows = [("2026-02-01", None, "Versions", False, "v2"), ("2026-03-01", "2026-03-29", "Checks outside", False, "")]
    rows += [("2026-02-10", None, "Latency", True, "56 ms"), ("2026-01-01", "2026-01-29", "Sign-offs", False, "")]
    figure = charts.timeline(happened(*rows), ("2026-01-01", "2026-04-01"))
    first, last = figure.layout.xaxis.range
    assert first < pd.Timestamp("2026-01-01")
    assert last > pd.Timestamp("2026-04-01")
    bars = {tuple(str(day)[:10] for day in trace.x[:2]) for trace in figure.data if trace.mode == "lines"}
    assert bars == {("2026-01-01", "2026-01-29"), ("2026-03-01", "2026-03-29"), ("2026-02-10", str(last)[:10])}
    assert len({trace.y[0] for trace in figure.data}) == 4
    names = [note.text for note in figure.layout.annotations]
    assert names == ["Versions", "Latency", "Checks outside", "Sign-offs", "v2", "56 ms"]
    drops = [shape for shape in figure.layout.shapes if shape.line.dash == "dot"]
    assert [str(shape.x0)[:10] for shape in drops] == ["2026-02-01"]


def test_events_very_near_each_other_are_one_mark_that_tells_them() -> None:
    near = [(f"2026-02-01T{hour:02}:00", f"2026-02-01T{hour + 1:02}:00", "Latency", False, "9 ms") for hour in range(8)]
    figure = charts.timeline(happened(*near), ("2026-01-01", "2026-04-01"))
    (marks,) = [trace for trace in figure.data if trace.mode == "markers"]
    assert len(marks.x) == 1
    assert marks.hovertext[0].count("9 ms happened.") == 5
    assert "and 3 more in the table" in marks.hovertext[0]
    assert "8 events" in [note.text for note in figure.layout.annotations]


def test_no_words_on_the_timeline_run_into_the_next_mark() -> None:
    crowded = [(f"2026-0{1 + i // 14}-{1 + 2 * (i % 14):02}", None, "Latency", False, "12 times") for i in range(28)]
    figure = charts.timeline(happened(*crowded), ("2026-01-01", "2026-04-01"))
    assert len([note for note in figure.layout.annotations if note.text == "12 times"]) <= 2


def test_versions_are_marked_where_they_began() -> None:
    figure = charts.over_time(readings(*weeks("accuracy", [0.8, 0.9])), starts={"v2": "2026-03-09"})
    assert [words_.text for words_ in figure.layout.annotations] == ["v2"]
    assert figure.layout.shapes[0].x0 == "2026-03-09"


def test_each_line_over_time_is_named_beside_it() -> None:
    rows = [row | {"group": name} for name in ("F", "M") for row in weeks("accuracy", [0.8, 0.9])]
    figure = charts.over_time(readings(*rows), reference="M")
    assert {words_.text for words_ in figure.layout.annotations} == {"F", "M"}


counted = some.integers(0, 10**7)


@given(counted, counted, counted, counted)
def test_a_thousand_is_a_thousand(tp: int, fn: int, fp: int, tn: int) -> None:
    cells = charts.per_thousand(tp, fn, fp, tn)
    total = tp + fn + fp + tn
    assert sum(cells.values()) == (1000 if total else 0)
    for name, n in {"tp": tp, "fn": fn, "fp": fp, "tn": tn}.items():
        assert abs(cells[name] * total - 1000 * n) < max(total, 1)


def test_the_icon_array_has_a_mark_for_each_of_a_thousand_at_its_own_place() -> None:
    places = points(charts.icon_array(7, 3, 9, 81))
    assert len(places) == len(set(places)) == 1000


def test_the_heat_map_keeps_every_answer() -> None:
    rng = np.random.default_rng(5)
    edges = np.geomspace(5, 4000, 300)
    answers = pd.concat(
        pd.DataFrame({"time": hour, "low": edges[:-1], "high": edges[1:], "n": rng.integers(0, 9, 299)})
        for hour in pd.date_range("2026-03-01", periods=5, freq="h")
    )
    quantiles = readings(*({"metric": f"latency_p{q}", "since": "2026-03-01", "value": 99.0} for q in (50, 95, 99)))
    heat = next(t for t in charts.heat_map(answers, quantiles, promise=300).data if t.type == "heatmap")
    assert np.allclose(heat.customdata.sum(axis=0), 100)


def test_a_days_missing_share_is_what_is_drawn() -> None:
    days = pd.to_datetime(["2026-03-01", "2026-03-02"])
    quality = pd.DataFrame({"day": days, "feature": "lactate", "n": [10, 20], "missing": [1, 20]})
    assert charts.missing_strip(quality).data[0].z.tolist() == [[0.1, 1.0]]


def test_densities_of_bins_of_different_width_compare() -> None:
    bins = pd.DataFrame({"low": [0.0, 1.0], "high": [1.0, 3.0], "reference": [0.5, 0.5], "now": [0.2, 0.8]})
    reference, now = charts.reference_against_now(bins).data
    assert list(reference.y) == [0.5, 0.25, 0.25]
    assert list(now.y) == [0.2, 0.4, 0.4]


@pytest.mark.parametrize(
    "empty",
    [
        lambda: charts.interval_dots(readings(group("A", None)).iloc[:0]),
        lambda: charts.interval_dots(readings(group("A", None))),
        lambda: charts.ranked_dots(readings(group("A", None)).iloc[:0]),
        lambda: charts.over_time(readings(group("A", None)).iloc[:0]),
        lambda: charts.over_time(readings(*(row | {"value": None} for row in weeks("f1", [0.1])))),
        lambda: charts.small_trend(readings(group("A", None))),
        lambda: charts.icon_array(0, 0, 0, 0),
        lambda: charts.heat_map(pd.DataFrame(columns=["time", "low", "high", "n"]), readings(group("A", None))),
        lambda: charts.delay_curves(pd.DataFrame(columns=["group", "delay", "share", "low", "high", "n"])),
        lambda: charts.missing_labels(readings(group("A", None))),
        lambda: charts.missing_strip(pd.DataFrame(columns=["day", "feature", "n", "missing"])),
        lambda: charts.timeline(pd.DataFrame(columns=["time", "until", "lane", "stays", "text", "short"])),
    ],
)  # fmt: skip
def test_every_picture_can_be_drawn_of_nothing(empty: Any) -> None:
    assert empty().to_plotly_json()["layout"]


@given(some.floats(-1e6, 1e6), some.sampled_from(["share", "points", "ratio", "ms", "count", "number"]))
def test_numbers_in_words_never_show_a_negative_zero_or_too_much(value: float, unit: Any) -> None:
    text = words.digits(value, unit)
    assert not re.fullmatch(rf"{words.MINUS}0(\.0*)?", text)
    assert "-" not in text.replace("e-", "")


@pytest.mark.parametrize(
    ("value", "allowed", "possible"), [(5.0, (0, 20), True), (25.0, (0, 20), False), (-1.0, (0, 9), False)]
)
def test_a_value_stands_in_its_strip_and_an_impossible_one_has_another_shape(
    value: float, allowed: tuple[float, float], possible: bool
) -> None:
    bins = pd.DataFrame({"low": [0.0, 10.0], "high": [10.0, 20.0], "reference": [0.7, 0.3]})
    drawn = charts.strip(bins, value, *allowed)
    assert ("<circle" in drawn) == possible
    assert (palette.STATES["outside"].colour in drawn) == (not possible)
    assert 0 <= float(re.findall(r"<path d=\"M([\d.]+)", drawn)[-1]) <= 200
    assert charts.strip(bins, None).count("<circle") == 0


def test_text_that_people_typed_is_escaped_in_tables() -> None:
    html = marks.table([{"Name": "<script>x</script>", "n": 1}], "a <b>")
    assert "<script>" not in html
    assert "a &lt;b&gt;" in html
