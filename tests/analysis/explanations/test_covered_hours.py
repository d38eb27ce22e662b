"""If the reference has no rows from a window's hours, the explanation reports that, not odds."""

from __future__ import annotations

from zoneinfo import ZoneInfoNotFoundError

import numpy as np
import pytest
from msgspec.structs import replace

from findings import explanations
from modeltap.analysis.explanations.covered_hours import (
    covered_hours,
    described_hours,
    hour_of_week,
)
from modeltap.analysis.references.fit import fit
from modeltap.clock import iso, parse

MONDAY = parse("2026-10-26T09:00:00Z")
HOUR = 3600.0
ROWS = 300


def reference(hours=10.0, timezone="UTC", **facts):
    fitted = fit({"x": np.random.default_rng(1).normal(size=2000)}, 2000, model="m")
    end = iso(MONDAY + hours * HOUR)
    return replace(fitted, from_time=iso(MONDAY), to_time=end, timezone=timezone, **facts)


def explanation(known, start, hours=1.0, **options):
    """Return the explanation of a drift in the window from `start`, in hours after Monday, 9:00."""
    times = MONDAY + HOUR * (start + hours * np.arange(ROWS) / ROWS)
    values = np.random.default_rng(2).normal(3, 1, size=ROWS)
    return explanations(known, {"x": values}, times=times, **options)["drift", "x"]


@pytest.mark.parametrize(
    "start, hours, text",
    [
        (
            114,
            1,
            "nothing to compare with: the reference has no rows from Saturdays, 03:00-04:00 UTC",
        ),
        (
            14,
            3,
            "the reference has no rows from Mondays, 23:00 to Tuesdays, 02:00 UTC",
        ),
        (15, 24, "the reference has no rows from Tuesdays UTC"),
        # The first of the two hours is covered, with the majority of rows.
        (9, 1.9, "chance of this without drift: under 1 in 1,000,000 windows"),
        (168, 1, "chance of this without drift: under 1 in 1,000,000 windows"),
    ],
)
def test_uncovered_hours_replace_the_odds(start, hours, text):
    assert explanation(reference(), start, hours).endswith(text)


def test_hours_are_in_the_models_time_zone():
    """9:00 UTC is 10:00 in Berlin in winter; Saturday, 3:00 there is 2:00 UTC."""
    text = explanation(reference(timezone="Europe/Berlin"), 113)
    assert text.endswith("no rows from Saturdays, 03:00-04:00 Europe/Berlin")


def test_covered_hours_of_the_context_are_used():
    """Blocks show a night without rows within the reference's period."""
    night = frozenset(range(168)) - {123}
    known = reference(hours=24 * 8)
    assert covered_hours(known) == frozenset(range(168))
    assert "chance of this" in explanation(known, 114)
    assert "no rows from Saturdays, 03:00" in explanation(known, 114, covered=night)


@pytest.mark.parametrize("facts", [{"from_time": None}, {"to_time": None}, {"rolling": "7d"}])
def test_files_and_rolling_references_have_no_known_hours(facts):
    assert covered_hours(replace(reference(), **facts)) is None
    assert "chance of this" in explanation(replace(reference(), **facts), 114)


def test_separate_hours_are_counted():
    assert described_hours({3, 4, 30}) == "3 hours of the week"


def test_utc_works_without_a_time_zone_database(monkeypatch):
    """Slim container images do not include one."""

    def unknown(key):
        raise ZoneInfoNotFoundError(key)

    monkeypatch.setattr("modeltap.analysis.model.local_times.ZoneInfo", unknown)
    assert hour_of_week(MONDAY, "UTC") == 9
