"""Where the reference has no rows of a window's hours, the words say so and quote no chance."""

from __future__ import annotations

from zoneinfo import ZoneInfoNotFoundError

import numpy as np
import pytest
from msgspec.structs import replace

from findings import words
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
    found = fit({"x": np.random.default_rng(1).normal(size=2000)}, 2000, model="m")
    end = iso(MONDAY + hours * HOUR)
    return replace(found, from_time=iso(MONDAY), to_time=end, timezone=timezone, **facts)


def explanation(known, start, hours=1.0, **options):
    """Return the words about a drift in the window from `start`, in hours after Monday, 9:00."""
    times = MONDAY + HOUR * (start + hours * np.arange(ROWS) / ROWS)
    values = np.random.default_rng(2).normal(3, 1, size=ROWS)
    return words(known, {"x": values}, times=times, **options)["drift", "x"]


@pytest.mark.parametrize(
    "start, hours, said",
    [
        (114, 1, "the reference has no rows from Saturdays, 03:00-04:00 UTC to compare with"),
        (
            14,
            3,
            "the reference has no rows from Mondays, 23:00 to Tuesdays, 02:00 UTC to compare with",
        ),
        (15, 24, "the reference has no rows from Tuesdays UTC to compare with"),
        # Of two hours the first one is known, and so are its rows.
        (9, 1.9, "chance of this without drift: under 1 in 1,000,000 windows"),
        (168, 1, "chance of this without drift: under 1 in 1,000,000 windows"),
    ],
)
def test_hours_that_the_reference_does_not_cover(start, hours, said):
    assert explanation(reference(), start, hours).endswith(said)


def test_hours_are_those_of_the_models_clock():
    """9:00 UTC is 10:00 in Berlin in winter; Saturday, 3:00 there is 2:00 UTC."""
    found = explanation(reference(timezone="Europe/Berlin"), 113)
    assert found.endswith("no rows from Saturdays, 03:00-04:00 Europe/Berlin to compare with")


def test_known_hours_are_taken_as_they_are_given():
    """Blocks know of a night without rows within the reference's time."""
    night = frozenset(range(168)) - {123}
    known = reference(hours=24 * 8)
    assert covered_hours(known) == frozenset(range(168))
    assert "chance of this" in explanation(known, 114)
    assert "no rows from Saturdays, 03:00" in explanation(known, 114, covered=night)


@pytest.mark.parametrize("facts", [{"from_time": None}, {"to_time": None}, {"rolling": "7d"}])
def test_of_a_file_or_a_rolling_reference_no_hours_are_known(facts):
    assert covered_hours(replace(reference(), **facts)) is None
    assert "chance of this" in explanation(replace(reference(), **facts), 114)


def test_hours_apart_are_counted():
    assert described_hours({3, 4, 30}) == "3 hours of the week"


def test_utc_needs_no_database_of_time_zones(monkeypatch):
    """Slim images have none."""

    def unknown(key):
        raise ZoneInfoNotFoundError(key)

    monkeypatch.setattr("modeltap.analysis.model.local_times.ZoneInfo", unknown)
    assert hour_of_week(MONDAY, "UTC") == 9
