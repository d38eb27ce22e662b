"""Calendar columns: those that the time determines, and those that only look alike."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import evaluate
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.references.fit import fit
from rhythms import DAY, MONDAY

RNG = np.random.default_rng(0)
WEEK = np.sort(MONDAY + RNG.random(3000) * 7 * DAY)
THREE = np.sort(MONDAY + RNG.random(3000) * 21 * DAY)


def local(times, zone="UTC"):
    return [datetime.fromtimestamp(moment, ZoneInfo(zone)) for moment in times.tolist()]


def learnt(values, times, name="x", zone="UTC"):
    return fit({name: values}, len(times), model="m", times=times, timezone=zone).features[0]


def waves(local_time):
    return np.sin(2 * np.pi * (local_time.hour + local_time.minute / 60) / 24)


COLUMNS = {
    "hour": (lambda local_time: local_time.hour, "hour"),
    "sine of the hour": (
        lambda local_time: float(np.sin(local_time.hour / 24 * 2 * np.pi)),
        "hour",
    ),
    "sine of the time": (lambda local_time: float(waves(local_time)), "hour"),
    "part of the day": (
        lambda local_time: ["night", "morning", "noon", "evening"][local_time.hour // 6],
        "hour",
    ),
    "weekday": (lambda local_time: local_time.weekday(), "weekday"),
    "iso weekday": (lambda local_time: local_time.isoweekday(), "weekday"),
    "weekday from Sunday": (lambda local_time: local_time.isoweekday() % 7, "weekday"),
    "Monday": (lambda local_time: local_time.strftime("%A"), "weekday"),
    "Mon": (lambda local_time: local_time.strftime("%a"), "weekday"),
    "weekend": (lambda local_time: local_time.weekday() >= 5, "weekend"),
    "weekend as a number": (lambda local_time: int(local_time.weekday() >= 5), "weekend"),
    "day of the month": (lambda local_time: local_time.day, "day"),
    "epoch": (lambda local_time: local_time.timestamp(), "time"),
    "milliseconds": (lambda local_time: local_time.timestamp() * 1000, "time"),
}


@pytest.mark.parametrize("times", [WEEK, THREE], ids=["a week", "three"])
@pytest.mark.parametrize("name", COLUMNS)
def test_columns_that_the_time_determines_are_calendar_columns(name, times):
    write, part = COLUMNS[name]
    result = learnt([write(local_time) for local_time in local(times)], times)
    assert (result.calendar, result.calendar_shift) == (part, 0) and not result.is_tested


@pytest.mark.parametrize(("name", "value"), [("month", 1), ("year", 2026), ("Month", "January")])
def test_parts_that_are_constant_in_a_week_are_recognised_by_name(name, value):
    assert learnt([value] * len(WEEK), WEEK, name).calendar is not None
    assert (learnt([value] * len(WEEK), WEEK, "rooms").calendar is None) == (type(value) is int)


def test_an_encoded_weekday_must_repeat():
    """Within one week, any value per day might belong to the weekday."""

    def write(local_time):
        return float(np.cos(2 * np.pi * local_time.weekday() / 7))

    assert learnt([write(local_time) for local_time in local(WEEK)], WEEK).calendar is None
    assert learnt([write(local_time) for local_time in local(THREE)], THREE).calendar == "weekday"


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("part", ["hour", "weekday"])
def test_the_shift_of_another_clock_is_known(zone, part):
    write = COLUMNS[part][0]
    values = [write(local_time) for local_time in local(WEEK, zone)]
    result, own = learnt(values, WEEK), learnt(values, WEEK, zone=zone)
    hours = datetime.fromtimestamp(MONDAY, ZoneInfo(zone)).utcoffset().total_seconds() / 3600
    assert (result.calendar, own.calendar) == (part, part)
    assert (result.calendar_shift, own.calendar_shift) == (hours, 0)


def by(times, step, seed=1, values=None):
    """Return a random value for each hour or day."""
    codes = (times // step).astype(int)
    drawn = np.random.default_rng(seed).normal(size=codes.max() - codes.min() + 1)
    result = drawn[codes - codes.min()]
    return result.tolist() if values is None else [values[int(v > 0)] for v in result]


OTHERS = {
    "weather, once an hour": lambda times: by(times, 3600),
    "weather, once a day": lambda times: by(times, DAY),
    "rain, once a day": lambda times: by(times, DAY, values=("dry", "wet")),
    "noise": lambda times: np.random.default_rng(2).normal(size=len(times)).tolist(),
    "items": lambda times: np.random.default_rng(3).integers(0, 24, size=len(times)).tolist(),
    "a rhythm": lambda times: [
        float(waves(local_time) + e)
        for local_time, e in zip(
            local(times), np.random.default_rng(4).normal(size=len(times)), strict=True
        )
    ],
    "a nightly job": lambda times: [
        "batch" if local_time.hour == 3 else "web" for local_time in local(times)
    ],
    "constant": lambda times: [1] * len(times),
    "count": lambda times: list(range(len(times))),
}


@pytest.mark.parametrize("times", [WEEK, THREE], ids=["a week", "three"])
@pytest.mark.parametrize("name", OTHERS)
def test_columns_that_merely_change_in_time_are_compared(name, times):
    assert learnt(OTHERS[name](times), times).calendar is None


def test_a_few_rows_of_another_hour_do_not_matter():
    """The column's clock is two seconds late."""
    values = [local_time.hour for local_time in local(WEEK - 2)]
    assert learnt(values, WEEK).calendar == "hour"


def test_a_calendar_column_is_not_comparable_and_the_reason_is_given():
    """It has no verdict in the next month, even though each of its values is new."""
    times = THREE
    columns = {
        "month": [local_time.month for local_time in local(times)],
        "weekday": [local_time.strftime("%a") for local_time in local(times)],
        "x": RNG.normal(size=len(times)).tolist(),
    }
    reference = fit(columns, len(times), model="m", times=times)
    now = {"month": [2] * 500, "weekday": ["Mon"] * 500, "x": RNG.normal(size=500).tolist()}
    context = Context(reference, tally(now, 500, reference))
    metrics = explained(evaluate(context), context)
    assert [m for m in metrics if m.verdict == "alert"] == []
    drift = {m.feature: m for m in metrics if m.metric == "drift"}
    assert drift["month"].verdict == drift["weekday"].verdict == "not_comparable"
    assert "calendar" in drift["month"].explanation
    assert drift["month"].evidence.reason == "calendar" and drift["x"].verdict == "ok"


def test_missing_values_of_a_calendar_column_still_alert():
    values = [local_time.hour for local_time in local(WEEK)]
    reference = fit({"hour": values}, len(WEEK), model="m", times=WEEK)
    now = {"hour": [None] * 200 + [5] * 300}
    result = evaluate(Context(reference, tally(now, 500, reference)))
    assert {m.metric for m in result if m.verdict == "alert"} == {"missing_rate"}
