"""Hypothesis draws the same examples on every run; a world takes most of a second, so there is no deadline
and no search for a smaller example."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "same-every-time",
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("same-every-time")

pytest_plugins = ["tests.browser.fixtures", "tests.postgres"]
