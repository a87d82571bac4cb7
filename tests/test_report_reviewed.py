"""Readings of what review says of the model: everybody, by group, by name only."""

from __future__ import annotations

from datetime import date

import numpy as np

from dashboard.metrics.reviewed import Frame, Reviewed
from dashboard.report.reviewed import RATES, reviewed_readings, without_reviews
from dashboard.report.scope import Scope

SCOPE = Scope(date(2026, 1, 1), date(2026, 2, 1), version="v2")


def cases() -> Reviewed:
    """Returns 100 drawn of 1,000 in each of two groups, the model wrong in 10 and in 30; four flags, three upheld."""
    group = np.array(["F"] * 102 + ["M"] * 102)
    place = np.tile(np.arange(102), 2)
    flagged = place >= 100
    wrong = np.where(group == "F", place < 10, place < 30) | (place == 100) | ((group == "F") & (place == 101))
    answer = place % 2 == 0
    frames = {"F": Frame(1002, 1000), "M": Frame(1002, 1000)}
    pi = np.where(flagged, 1.0, 0.1)
    return Reviewed(group, answer ^ wrong, answer, pi, flagged, np.ones(204, bool), frames)


def test_everybody_and_each_group_have_their_readings() -> None:
    everybody = list(reviewed_readings(cases(), SCOPE))
    assert [each.metric for each in everybody] == list(RATES)
    assert (everybody[0].attribute, everybody[0].group, everybody[0].version) == (None, None, "v2")
    by_group = [each for each in reviewed_readings(cases(), SCOPE, "sex") if each.metric == "reviewed_error_rate"]
    assert [(each.attribute, each.group, each.n) for each in by_group] == [("sex", "F", 102), ("sex", "M", 102)]
    assert [round(each.value or 0, 3) for each in by_group] == [0.102, 0.300]
    assert all((each.low or 0) < (each.value or 0) < (each.high or 0) for each in by_group)
    assert by_group[0].kind == "performance"


def test_flags_stand_in_the_note_as_counts() -> None:
    found = list(reviewed_readings(cases(), SCOPE))
    assert "flags: 3 of 4 upheld" in found[0].note
    assert all("upheld" not in each.note for each in found[1:])


def test_only_what_is_asked_for_is_read() -> None:
    asked = Scope(SCOPE.since, SCOPE.until, metrics=("reviewed_true_positive_rate",))
    assert [each.metric for each in reviewed_readings(cases(), asked)] == ["reviewed_true_positive_rate"]


def test_the_log_alone_says_that_it_has_no_reviews_where_asked_by_name() -> None:
    assert list(without_reviews(SCOPE)) == []
    (found,) = without_reviews(Scope(SCOPE.since, SCOPE.until, metrics=("reviewed_error_rate",)))
    assert (found.value, found.note) == (None, "cannot be computed: reviews are kept beside the log, not in it")
