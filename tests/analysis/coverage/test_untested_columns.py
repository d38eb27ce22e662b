"""Columns that no test compares: kinds of values and places, each with a reason and a fix."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from coverage_cases import by_subject, covered, fill
from modeltap.analysis.coverage.untested_columns import untested_columns
from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.learning import MOST_ROWS
from modeltap.clock import iso
from modeltap.config.settings import FeatureSettings, Settings
from stores import START, analyze, every, put

KINDS = {
    "ids": (lambda n: f"user-{n:05}", "treated as an id", "categorical"),
    "rising numbers": (lambda n: 1000 + n, "treated as an id", None),
    "masked": (lambda n: "[masked]", "masked in all rows", None),
    "missing": (lambda n: None, "all values were missing", None),
    "mixed": (lambda n: n % 7 if n % 2 else [1, 2], "values of several types", None),
    "grids": (lambda n: [[1, 2], [n % 3]], "lists of lists", None),
}
"""Values of row n, the reason, and the type that is proposed."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
def test_a_column_that_is_not_tested_is_named_with_its_reason(store, kind, nested):
    values, reason, proposed = KINDS[kind]
    rows = [{"x": random.Random(n).gauss(), "odd": values(n)} for n in range(300)]
    name = "inner.odd" if nested else "odd"
    fill(store, [{"x": row["x"], "inner": {"odd": row["odd"]}} if nested else row for row in rows])
    coverage = covered(store)
    finding = by_subject(coverage, "features")[name]
    assert reason in finding.reason and finding.level == "note" and not finding.is_tested
    assert (finding.count, finding.total) == (1, 2) and coverage.tested == 1
    if proposed is not None:
        key = f'"{name}"' if nested else name
        assert f'[models.m.features.{key}] type = "{proposed}"' in finding.fix


def test_the_proposed_type_is_one_that_is_tested(store):
    """The proposed setting works."""
    rows = [{"x": random.Random(n).gauss(), "odd": f"user-{n}"} for n in range(300)]
    fill(store, rows, features={"odd": {"type": "categorical"}})
    assert covered(store).untested == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (lambda n: 5, "constant"),
        (lambda n: "same", "constant"),
        (lambda n: True, "constant"),
        (lambda n: f"c{n * n % 997}", "too many categories"),
    ],
)
def test_a_column_with_limits_is_tested_and_named(store, values, reason):
    fill(
        store,
        [{"x": n * 7919 % 100, "odd": values(n)} for n in range(3000)],
        reference="first 2500 rows",
    )
    coverage = covered(store)
    finding = by_subject(coverage, "features")["odd"]
    assert reason in finding.reason and finding.is_tested and finding.level == "note"
    assert coverage.tested == coverage.columns == 2


def test_columns_beyond_the_limit_are_named(store):
    rows = [{f"c{place}": (n + place) % 9 for place in range(6)} for n in range(300)]
    fill(store, rows, max_features=4)
    coverage = [
        finding
        for finding in covered(store).unmonitored
        if finding.check == "features" and not finding.is_tested
    ]
    assert {finding.subject for finding in coverage} == {"c4", "c5"}
    assert all("max_features = 6" in finding.fix for finding in coverage)


def test_a_declared_id_is_a_note_without_a_fix(store):
    rows = [{"x": n % 9, "odd": n % 5} for n in range(300)]
    fill(store, rows, features={"odd": {"type": "id"}})
    coverage = covered(store, features={"odd": FeatureSettings(type="id")})
    finding = by_subject(coverage, "features")["odd"]
    assert (finding.reason, finding.fix) == ("declared as an id", None)


def test_times_that_rise_are_tested_by_their_ages(store):
    """Each row has a time some seconds before its own."""
    rows = [
        {
            "x": random.Random(n).gauss(),
            "at": iso(START.timestamp() + 60 * n - random.Random(n).random()),
        }
        for n in range(300)
    ]
    fill(store, rows)
    assert "at" not in by_subject(covered(store), "features")


def _filled(every_nth):
    return [
        {"x": n * 7919 % 100, "odd": n % 7 if n % every_nth == 0 else None} for n in range(2000)
    ]


@pytest.mark.parametrize(
    ("every_nth", "reason", "is_tested"),
    [
        (50, "about 2 of its values in a window of 100 rows", False),
        (3, "about 33.3 of its values in a window of 100 rows", False),
        (2, "about 50 of its values in a window of 100 rows", True),
        (1, None, True),
    ],
)
def test_a_column_with_few_values_in_a_window_is_named(store, every_nth, reason, is_tested):
    """It would otherwise look monitored, but hardly any window has enough of its values."""
    fill(store, _filled(every_nth), reference="first 1500 rows")
    coverage = covered(store, min_rows=100)
    finding = by_subject(coverage, "features").get("odd")
    assert (finding is None) is (reason is None)
    assert coverage.tested == (2 if is_tested else 1)
    if finding is not None:
        assert reason in finding.reason and finding.is_tested is is_tested
        assert "a comparison needs 100 (min_rows)" in finding.reason
        assert f'window = "{100 * every_nth} rows" in [models.m]' in finding.fix or every_nth == 3


@pytest.mark.parametrize(
    ("minutes", "settings", "window", "fix"),
    [
        (6, {}, "1d", '"10d"'),  # 10 rows an hour: drift is evaluated by the day
        (0.5, {}, "1h", '"1d"'),
        (6, {"window": "7d"}, "7d", '"10d"'),
    ],
)
def test_few_values_are_counted_in_the_windows_of_drift(store, minutes, settings, window, fix):
    rows = [{"x": n * 7919 % 100, "odd": n % 7 if n % 20 == 0 else None} for n in range(2400)]
    put(store, every(minutes, len(rows)), rows)
    analyze(store, {"reference": "first 2000 rows", "multivariate": False, **settings})
    finding = by_subject(covered(store), "features")["odd"]
    assert f"in a window of {window}, and a comparison needs 100" in finding.reason
    assert fix in finding.fix


@pytest.mark.parametrize(("rows", "is_named"), [(2000, True), (MOST_ROWS, False)])
def test_a_sampled_reference_does_not_tell_the_rows_of_a_window(rows, is_named):
    columns = {"x": [1.0, 2.0] * 1000, "odd": [1.0, *[None] * 19, 2.0, *[None] * 19] * 50}
    reference = replace(
        fit(columns, 2000, model="m"),
        rows=rows,
        window="1h",
        from_time="2024-01-01T00:00:00.000Z",
        to_time="2024-01-08T00:00:00.000Z",
    )
    findings = untested_columns(reference, Settings(), {})
    assert [finding.subject for finding in findings] == (["odd"] if is_named else [])


def test_the_proposed_window_has_enough_values(store):
    rows = _filled(5)
    fill(store, rows, reference="first 1500 rows", window="500 rows")
    assert "odd" not in by_subject(covered(store), "features")


@pytest.mark.parametrize(
    ("every_nth", "value", "reason"),
    [
        (1, lambda n: n % 9, "it is not in the reference"),
        (3, lambda n: "abc"[n % 3], "it is not in the reference"),
        (1, lambda _: "[masked]", "masked in all rows"),
        (50, lambda n: n % 9, None),  # a single client may send it
    ],
)
def test_a_column_that_began_after_the_reference_is_named(store, every_nth, value, reason):
    """It would be tested by nothing, and all the columns of the reference by something."""
    rows = [{"x": n * 7919 % 100} for n in range(600)]
    for n in range(300, 600, every_nth):
        rows[n]["later"] = value(n)
    fill(store, rows)
    coverage = covered(store)
    finding = by_subject(coverage, "features").get("later")
    assert (None if finding is None else finding.reason) == reason
    assert (coverage.tested, coverage.columns) == (1, 1 if reason is None else 2)
    if reason == "it is not in the reference":
        assert "`modeltap reference accept --model m`" in finding.fix


def test_a_new_column_is_no_finding_while_the_reference_is_learnt(store):
    rows = [{"x": n * 7919 % 100} | ({"later": n % 9} if n > 150 else {}) for n in range(300)]
    fill(store, rows, reference="first 400 rows")
    assert "later" not in by_subject(covered(store), "features")
