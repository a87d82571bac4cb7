"""Every effect that is planted in the sample stands on the Overview in words, found by the product itself."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.test_pages import ENTRY, texts

EFFECTS = {  # sample_data/README.md; g and h are no effects, but what must not raise an alarm
    "a, lactate in another unit at site C": r"lactate at site C looks multiplied by 9\.0 since 3 May: probably mg/dL",
    "a, what follows at site C": r"Since then the model selects 20 of 100 cases there, \d to \d more than the 16 "
    r"before; their mean score is 0\.15\d, it was 0\.12\d",
    "b, older patients": r"the median of age went from 5\d to 6\d, little by little",
    "b, more people over 65": r"Population stability index of age is",
    "c, women over 65 are overlooked": r"Sensitivity for F, 65\+ is 0\.3\d",
    "c, better otherwise": r"Since \d+ (March|April) the accuracy is 0\.8\d\d \(0\.\d+ to 0\.\d+\); before, 0\.85\d",
    "d, labels under Medicaid come later": r"Label coverage for Medicaid is",
    "e, slower calls": r"Since 2 June the time within which 95 of 100 answers come is 5\d",
    "e, the crowded afternoon": r"predictions came on 27 May from 13:00 to 17:00, 5\.\d times the usual",
    "e, calls given up": r"of calls failed on 27 May",
    "f, oxygen saturation missing": r"of rows lacked oxygen_saturation from 9 to 12 June",
}


@pytest.fixture(scope="module")
def overview(sample: Path) -> str:
    """Returns all that the Overview says, its pictures in words."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVENHAND_WORKSPACE", str(sample))
        app = AppTest.from_file(str(ENTRY), default_timeout=60).run()
        return unescape(texts(app)) + " ".join(chart.proto.alt for chart in app.get("plotly_chart"))


@pytest.mark.parametrize("effect", EFFECTS)
def test_every_planted_effect_is_named_on_the_overview(effect: str, overview: str) -> None:
    assert re.search(EFFECTS[effect], overview)


@pytest.mark.parametrize("quiet", ["heart_rate", "creatinine", "sodium", "crp", "complaint", "Pacific Islander is"])
def test_what_is_quiet_raises_no_alarm_of_the_timeline(quiet: str, overview: str) -> None:
    told = re.findall(r"(?:Since|From) \d+ \w+ [^.]*", overview)
    assert told
    assert not [sentence for sentence in told if quiet in sentence]
