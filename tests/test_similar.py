"""Similar past cases, against scikit-learn's own distances on the raw rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.report import similar as report
from dashboard.report.similar import NEAREST, past, similar
from dashboard.workspace import Workspace


def test_the_nearest_labelled_cases_of_the_reference_are_found_by_their_inputs(sample: Path) -> None:
    model = Workspace(sample).model("triage")
    known = past(model.source(), model.paths)
    assert known is not None
    assert 2_000 < len(known.labels) <= 2 * report.SAMPLE
    rows = report._rows(model.source(), model.paths, known.since, known.until)
    names = [feature.name for feature in known.features]
    frame = pd.DataFrame([row[1:] for row in rows], columns=names)
    numeric = [feature.name for feature in known.features if feature.kind == "numeric"]
    spread = (frame[numeric] - frame[numeric].mean()) / frame[numeric].std(ddof=0)
    points = np.hstack(
        [spread.fillna(0).to_numpy(), frame[numeric].isna().to_numpy().astype(float)]
        + [pd.get_dummies(frame[name]).to_numpy() / np.sqrt(2) for name in names if name not in numeric]
    )
    for place in (0, 57, 1234):
        away = np.linalg.norm(points - points[place], axis=1)
        nearest = np.sort(away)[:NEAREST]
        distances, _ = known.points.kneighbors([known.point(frame.iloc[place].where(frame.iloc[place].notna(), None))])
        assert distances[0] == pytest.approx(nearest, abs=1e-6)
        found = similar(known, dict(frame.iloc[place].where(frame.iloc[place].notna(), None)))
        assert found.cases == NEAREST


def test_too_few_labels_say_nothing(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Workspace(sample).model("triage")
    monkeypatch.setattr(report, "_rows", lambda *_: [(1, *([None] * len(model.contract.features)))] * 5)
    assert past(model.source(), model.paths) is None
