"""The Groups page: each view opens with a sentence that is true of its numbers, and nothing breaks it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import charts
from dashboard.charts import mix, scores
from dashboard.charts.palette import INKS, NIGHT, PAPER, contrast
from dashboard.ui import crossing, group_scores, heat, menu, served
from dashboard.ui.crossing import Crossing
from dashboard.ui.load import groups
from dashboard.ui.load.groups import Served
from dashboard.ui.verdicts import shown_on
from dashboard.workspace import Workspace
from tests import test_odd_models as odd
from tests.test_odd_models import ENTRY, opened
from tests.worlds import Spec, build, delivered, draw, found

VIEWS = ("Crossed", "Scores", "Who is served")
SEXES = Crossing("sex*age_band", "age_band", "sex")


def reading(attribute: str | None, group: str | None, value: float | None, n: int = 100, **more: Any) -> dict[str, Any]:
    rate = {"metric": "true_positive_rate", "attribute": attribute, "group": group, "value": value, "n": n}
    counted = {"numerator": None if value is None else value * n, "denominator": n, "smallest": n}
    ends = {"low": None, "high": None} if value is None else {"low": value - 0.05, "high": value + 0.05}
    return rate | counted | ends | {"feature": None} | more


def crossed(values: dict[str, float], **more: Any) -> pd.DataFrame:
    rows = [reading("sex*age_band", group, value, **more) for group, value in values.items()]
    rows += [reading("sex", "F", 0.6), reading("sex", "M", 0.7), reading(None, None, 0.65)]
    return pd.DataFrame([*rows, reading("age_band", "<18", 0.62), reading("age_band", "65+", 0.5)])


FOUR = {"F*<18": 0.7, "F*65+": 0.37, "M*<18": 0.72, "M*65+": 0.6}


def maps_of(readings: pd.DataFrame, metric: str = "true_positive_rate") -> list[crossing.Map]:
    return crossing.maps(readings.assign(metric=metric), SEXES, [], metric, 50)


def start(workspace: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    st.cache_data.clear()
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_the_sentence_names_the_worst_cell_and_what_either_attribute_hides() -> None:
    says, more = crossing.sentence(maps_of(crossed(FOUR)))
    assert says == "It finds 37 of 100 positive cases among F, 65+, the lowest of 4 groups with enough cases."
    assert more == "By age band alone the groups lie 12 points apart, by sex alone 10 points; crossed, 35 points."


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        ("false_negative_rate", "72 of 100 positive cases among M, <18, the highest of 4"),
        ("mean_error", "Mean error is 0.72 for M, <18, the farthest from 0 of 4"),
        ("selection_rate", "37 of 100 among F, 65+, and 72 of 100 among M, <18: the lowest and the highest of 4"),
        ("roc_auc", "Area under the ROC curve is 0.37 for F, 65+, the lowest of 4"),
    ],
)
def test_which_end_is_worse_is_what_the_table_of_metrics_says(metric: str, says: str) -> None:
    assert says in crossing.sentence(maps_of(crossed(FOUR), metric))[0]


def test_a_group_with_too_few_cases_is_never_the_worst_nor_coloured() -> None:
    rows = pd.concat([crossed(FOUR), pd.DataFrame([reading("sex*age_band", "X*65+", 0.01, 20)])])
    drawn = maps_of(rows)
    assert "F, 65+" in crossing.sentence(drawn)[0]
    cells = dict(crossing.cells(drawn[0], crossing.scale(drawn), {}))
    few, none = cells["65+"][2], cells["<18"][2]
    assert (few.look, few.value, few.facts[-1]) == (heat.FEW, "1\u202f%", "0 of 20")
    assert (none.look, none.value) == (heat.NONE, "no cases")
    assert [cell.margin for cell in cells["65+"]] == [False, False, False, True]
    assert all(cell.margin for cell in cells["all"])


def test_without_enough_cases_anywhere_the_sentence_says_so() -> None:
    says, more = crossing.sentence(maps_of(crossed(FOUR, n=20)))
    assert says == "No group by sex and age band has enough cases to say."
    assert "50" in more


def test_three_attributes_make_a_map_for_each_group_of_the_third() -> None:
    three = Crossing("sex*age_band*site", "age_band", "sex", "site")
    rows = [reading("sex*age_band*site", f"{group}*{site}", value - 0.1 * (site == "B"))
            for group, value in FOUR.items() for site in ("A", "B", "unknown")]  # fmt: skip
    rows += [reading("sex*site", "F*A", 0.5), reading("site", "A", 0.6), reading("sex", "F", 0.4)]
    one, other = crossing.maps(pd.DataFrame(rows), three, [], "true_positive_rate", 50)
    assert (one.group, other.group) == ("A", "B")
    assert one.cells[None, "F"]["value"] == 0.5
    assert one.cells[None, None]["value"] == 0.6
    assert (None, "F") not in other.cells
    assert "F, 65+, B, the lowest of 8" in crossing.sentence([one, other])[0]
    assert three.needs(["sex", "sex*site", "site*insurance", three.name]) == ("sex", "sex*site", three.name)


def blended(part: float, ground: str) -> str:
    ends = zip(*(tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in (heat.HUE, ground)), strict=True)
    return "#" + "".join(f"{round(part * hue + (1 - part) * under):02x}" for hue, under in ends)


@pytest.mark.parametrize(("theme", "ground"), [("light", PAPER), ("dark", NIGHT)])
def test_words_keep_their_contrast_on_every_step_and_steps_deepen(theme: str, ground: str) -> None:
    parts = [int(found) / 100 for found in re.findall(r"(\d+)%", heat.style_rules())]
    steps = [blended(part, ground) for part in parts]
    assert len(steps) == heat.STEPS
    assert all(contrast(INKS[theme], step) >= 4.5 for step in steps)
    depths = [contrast(step, ground) for step in steps]
    assert depths == sorted(depths)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "scope",
    [{"attribute": "sex*age_band"}, {"version": "v1", "attribute": "ethnicity", "window": "2026-06-25..2026-06-26"},
     {"attribute": "site", "window": "all"}],
    ids=["latest", "a version without rows", "all days"],
)  # fmt: skip
def test_each_view_opens_with_one_sentence(
    view: str, scope: dict[str, str], sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heading, told = opened(sample, "groups", monkeypatch, view=view, **scope)
    assert heading.endswith(".")
    assert "could not be shown" not in told
    assert not re.search(r"\bnan\b|None\b|\binf\b", told)


def test_the_map_shows_the_readings_and_the_policys_marks(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = start(sample, monkeypatch, attribute="sex*age_band", view="Crossed")
    app.switch_page(str(menu.file("groups"))).run()
    body = next(e.proto.body for e in app.get("html") if "eh-heat" in e.proto.body and "<table" in e.proto.body)
    model = Workspace(sample).model("triage")
    judged = [f for f in model.findings() if (f.metric, f.attribute) == ("true_positive_rate_difference", SEXES.name)]
    window = {"since": pd.Timestamp(judged[0].since).date(), "until": pd.Timestamp(judged[0].until).date()}
    rates = model.readings(metrics=("true_positive_rate",), attributes=("sex*age_band",), **window)
    cells = re.findall(r"<td class=\"([^\"]*)\">(.*?)</td>", body)
    for rate in rates:
        counted = f"{rate.numerator:,} of {rate.denominator:,}"
        (look, words) = next((look, words) for look, words in cells if counted in words)
        assert f"{100 * (rate.value or 0):.0f}\u202f%" in words
        assert ("eh-heat-few" in look) == ((rate.denominator or 0) < 50)
    outside = next(words for look, words in cells if "named" in look)
    assert "outside range" in outside
    assert "lowest" in outside
    assert "too few to judge" in body
    assert body.count("margin") == 2 + 4 + 1


def test_a_pair_that_is_not_declared_says_what_to_add(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heading, told = opened(sample, "groups", monkeypatch, view="Crossed", rows="site", columns="sex")
    assert heading == "Site and sex are not counted together."
    assert 'intersections = [["sex", "age_band"], ["site", "sex"]]' in told
    assert "evenhand rollup triage" in told


def test_a_shut_view_computes_nothing(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("shapes", "served", "crossed"):
        real = getattr(groups, name)
        monkeypatch.setattr(groups, name, lambda *a, _n=name, _r=real: (asked.append(_n), _r(*a))[1])
    opened(sample, "groups", monkeypatch, view="Scores")
    assert asked == ["shapes"]


def test_a_question_chosen_here_does_not_break_fairness(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = start(sample, monkeypatch, metric="roc_auc", view="Crossed")
    app.switch_page(str(menu.file("groups"))).run()
    assert app.selectbox(key="metric").value == "roc_auc"
    app.switch_page(str(menu.file("fairness"))).run()
    assert not app.exception
    assert app.selectbox(key="metric").value == "true_positive_rate"


def test_scores_open_with_the_group_whose_positive_cases_score_lowest(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heading, told = opened(sample, "groups", monkeypatch, view="Scores", attribute="sex*age_band")
    told = told.replace("\u202f", " ")
    match = re.match(
        r"Half of the positive cases among F, 65\+ score (0\.\d+) or less, among M, 40-64 (0\.\d+)", heading
    )
    assert match is not None, heading
    assert float(match[1]) < 0.25 < float(match[2])
    assert "the threshold is 0.25" in heading
    assert "Farthest off is F, 65+" in told


def medians(**values: float) -> pd.DataFrame:
    rows = [
        {"group": group, "class": None, "label": label, "n": 100, "median": value, "low": value, "high": value}
        for group, value in values.items()
        for label in ("positive", "negative")
    ]
    return pd.DataFrame(rows)


def test_every_group_is_drawn_on_one_scale_and_told_in_words() -> None:
    random, parts = np.random.default_rng(2), []
    for group in [f"g{k:02}" for k in range(15)]:
        for label in ("positive", "negative"):
            n = random.multinomial(100, np.ones(25) / 25)
            edges = np.linspace(0, 1, 26)
            bars = {"group": group, "class": None, "label": label, "low": edges[:-1], "high": edges[1:]}
            parts.append(pd.DataFrame(bars | {"n": n, "share": n / 100}))
    bars, middles = pd.concat(parts), medians(**{f"g{k:02}": 0.1 + k / 100 for k in range(15)})
    drawn = group_scores.small(bars, middles, 0.5)
    assert len(drawn) == group_scores.SIZES
    heights = [float(h) for _, svg, _ in drawn for h in re.findall(r'height="([\d.]+)" fill="#', svg)]
    assert 0 < max(heights) <= scores.REACH + 0.05
    for name, svg, words in drawn:
        own = bars[bars["group"] == name]
        assert svg.count("<rect") == (own["share"] > 0).sum()
        assert "stroke-dasharray" in svg
        assert words.startswith(f"{name}: half of 100 positive cases score 0.")


def test_nothing_is_said_of_groups_that_chance_explains() -> None:
    alone = {"group": "F", "value": -0.02, "low": -0.039, "high": -0.001}
    others = [alone | {"group": f"g{k}", "value": 0.0, "low": -0.02, "high": 0.02} for k in range(9)]
    assert group_scores.ranking(pd.DataFrame([alone]), "M").startswith(
        "The area under the ROC curve of F is 0.020 under"
    )
    assert group_scores.ranking(pd.DataFrame([alone, *others]), "M").startswith("Nothing shows")
    assert group_scores.ranking(pd.DataFrame([alone | {"value": None}]), "M") == ""


def test_the_mix_opens_with_the_largest_change(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heading, told = opened(sample, "groups", monkeypatch, view="Who is served", attribute="age_band")
    assert re.match(r"65\+ went from 28 of 100 predictions to 4\d of 100, 1\d points more \(\d+ to \d+\)\.", heading)
    assert "moved more than chance" in told
    assert "held against 8 windows of the reference" in told
    quiet, _ = opened(sample, "groups", monkeypatch, view="Who is served", attribute="sex")
    assert quiet == "By sex, the mix is not shown to have changed."


def test_unknown_has_a_panel_of_its_own_and_each_panel_its_words(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = start(sample, monkeypatch, view="Who is served", attribute="ethnicity")
    app.switch_page(str(menu.file("groups"))).run()
    body = unescape(
        next(e.proto.body for e in app.get("html") if "eh-multiples" in e.proto.body and "<img" in e.proto.body)
    )
    names = re.findall(r"<figcaption>(.*?)</figcaption>", body)
    assert names == ["Asian", "Black", "Hispanic", "Pacific Islander", "White", "unknown"]
    assert body.count("in the reference") == len(names)
    assert "under 0.1\u202f% in the reference" in body


def weeks(values: list[float]) -> pd.DataFrame:
    since = [f"2026-01-{5 + 7 * k:02}" for k in range(len(values))]
    until = [f"2026-01-{12 + 7 * k:02}" for k in range(len(values))]
    value = np.array(values)
    return pd.DataFrame({"since": since, "until": until, "value": value, "low": value - 0.02, "high": value + 0.02})


def test_a_panel_draws_every_week_inside_its_frame_and_the_reference_as_a_line() -> None:
    svg = charts.small_shares(weeks([0.2, 0.25, 0.4]), (0.22, "2026-01-05", "2026-01-12"), {"v2<": "2026-01-19"})
    dots = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)]
    assert len(dots) == 3
    assert [y for _, y in dots] == sorted((y for _, y in dots), reverse=True)
    assert all(0 < x < mix.WIDE and 0 < y < mix.HIGH for x, y in dots)
    assert svg.count("stroke-dasharray") == 2
    assert "v2&lt;" in svg


def row(group: str, then: float, now: float, reach: float) -> dict[str, Any]:
    change = {"change_value": now - then, "change_low": now - then - reach, "change_high": now - then + reach}
    return {"group": group, "known": True, "reference_value": then, "now_value": now} | change


def test_a_change_that_chance_explains_is_not_called_one() -> None:
    table = pd.DataFrame([row("F", 0.50, 0.53, 0.04), row("M", 0.50, 0.47, 0.04)])
    found = Served(pd.DataFrame(), table, (pd.Timestamp("2026-01-01").date(), pd.Timestamp("2026-03-01").date()))
    psi = {"value": 0.004, "low": 0.0, "high": 0.02, "note": "2 bins; days assumed independent"}
    says, more = served.sentence(found, "sex", psi)
    assert says == "By sex, the mix is not shown to have changed."
    assert "F went from 50 of 100 predictions to 53 of 100, 3 points more (−1 to 7)" in more
    assert "days assumed independent" in more
    says, _ = served.sentence(found, "sex", psi | {"low": 0.001})
    assert says.startswith("F went from 50 of 100 predictions to 53 of 100")


def test_what_the_policy_says_of_areas_and_mixes_is_shown_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = Spec(seed=8, rows=4000, days=84)
    raw = draw(spec)
    raw.loc[raw["predicted_at"] > raw["predicted_at"].min() + pd.Timedelta(days=56), "sex"] = "F"
    rules = 'version = "1"\n[[rule]]\nmetric = "mix_psi"\nattribute = "sex"\nmax = 0.1\n'
    model = found(tmp_path, spec.contract, policy=rules)
    model.log(delivered(raw, spec))
    model.rollup()
    (finding,) = model.findings()
    assert finding.state == "outside"
    page, asked = shown_on(finding)
    assert (page, asked) == ("groups", {"attribute": "sex", "view": "Who is served"})
    assert finding.sentence in opened(tmp_path, page, monkeypatch, **asked)[1]


ONE = "Crossing needs two attributes."
SAYS = {
    ("multiclass", "Crossed"): ONE,
    ("multiclass", "Scores"): "cases of class low",
    ("regression", "Crossed"): ONE,
    ("regression", "Scores"): "predicts a number",
    ("regression", "Who is served"): "By sex, ",
    ("unlabelled", "Crossed"): "Nothing can be computed here",
    ("unlabelled", "Scores"): "No labels yet",
    ("unlabelled", "Who is served"): "the mix is not shown to have changed",
    ("many_groups", "Crossed"): "has enough cases",
    ("no_policy", "Crossed"): "has enough cases",
    ("one_row", "Who is served"): "most predictions are for",
    ("no_attributes", "Crossed"): "have not been searched",
}


@pytest.mark.parametrize("make", [odd.multiclass, odd.regression, odd.unlabelled, odd.many_groups, odd.no_policy,
                                  odd.no_attributes, odd.one_row], ids=lambda make: make.__name__)  # fmt: skip
def test_an_odd_model_has_its_own_sentence_in_every_view(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path)
    for view in VIEWS:
        st.cache_data.clear()
        heading, told = opened(tmp_path, "groups", monkeypatch, view=view)
        assert heading.endswith(".")
        assert SAYS.get((make.__name__, view), "") in heading, (view, heading)
        assert "could not be shown" not in told


def test_a_regression_is_crossed_by_how_far_off_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(7)
    given = odd.rows().assign(hours=random.normal(5, 3, 1500))
    far = np.where((given["sex"] == "F") & (given["age"] >= 50), 6, 1)
    given["label"] = given["hours"] + random.normal(0, 1, 1500) * far
    more = '[attributes.old]\ncolumn = "age"\nedges = [50]\n[fairness]\nintersections = [["sex", "old"]]\n'
    contract = odd.MODEL.format(task="regression") + odd.COLUMNS.format(more='score = "hours"') + odd.SEX + more
    odd.counted(tmp_path, contract, given)
    heading, _ = opened(tmp_path, "groups", monkeypatch, view="Crossed")
    assert re.match(r"Mean absolute error is [\d.]+ for F, 50\+, the highest of 4 groups with enough cases\.", heading)


def test_a_class_is_crossed_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_of_classes(tmp_path)
    app = start(tmp_path, monkeypatch, view="Crossed")
    app.switch_page(str(menu.file("groups"))).run()
    assert "accuracy" in app.selectbox(key="metric").value
    app.selectbox(key="class").set_value("mid").run()
    assert not app.exception
    heading = next(e.proto.body for e in app.get("html") if "<h1" in e.proto.body)
    assert "mid: " in heading


def build_of_classes(folder: Path) -> None:
    from tests import classes

    classes.counted(classes.ClassSpec(seed=2, rows=2000, digits=2), folder)


def test_a_world_without_scores_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(Spec(seed=2, rows=600, days=20, without=frozenset({"score", "subject"})), tmp_path)
    assert opened(tmp_path, "groups", monkeypatch, view="Scores")[0] == "There are no scores in these days."
