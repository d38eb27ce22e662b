"""Two versions of a model in a store, compared."""

from __future__ import annotations

import json

import pytest

from modeltap.errors import InputError
from modeltap.store.connection import connect, writing
from modeltap.store.versions import ServedVersion, note_version
from modeltap.versioning.version_change import chosen_versions, compare_versions
from stores import analyze, every, put

SAID = {"reference": "first 100 rows", "multivariate": False, "window": "1h", "min_rows": 20}
CHANGE = "2024-01-01T10:00:00.000Z"


def responses(values):
    return [json.dumps({"prediction": value}) for value in values]


def fill(store, versions=("1", "2"), *, side_by_side=False):
    """Ten hours of each version, one row a minute; the second predicts 5 more."""
    for number, version in enumerate(versions):
        put(
            store,
            every(1, 600, first=600 * number * (not side_by_side) + 0.5 * number),
            [{"x": n % 7} for n in range(600)],
            version=version,
            prefix=f"v{number}-",
            responses=responses(n % 97 / 10 + 5.0 * number for n in range(600)),
        )


def by_name(change):
    return {(row.metric, row.feature, row.of): row for row in change.rows}


def test_versions_one_after_the_other_are_compared_by_rows_and_windows(store):
    fill(store)
    analyze(store, SAID)
    change = compare_versions(connect(store), "m")
    assert (change.before.version, change.after.version) == ("1", "2")
    assert not change.side_by_side and not change.notes
    rows = by_name(change)
    assert rows["prediction_mean", None, "rows"].difference == pytest.approx(5.0)
    drift = rows["drift", "prediction", "windows"]
    assert drift.after > drift.before and drift.after_count >= 8
    assert ("drift", "x", "windows") in rows


def test_versions_side_by_side_are_compared_by_rows_only(store):
    """Their windows are those of both, which a note says."""
    fill(store, side_by_side=True)
    analyze(store, SAID)
    change = compare_versions(connect(store), "m", "2", "1")
    assert change.side_by_side and "per_version = true" in change.notes[0]
    assert {row.of for row in change.rows} == {"rows"}
    assert by_name(change)["prediction_mean", None, "rows"].difference == pytest.approx(-5.0)


def test_with_per_version_windows_are_compared_side_by_side(store):
    fill(store, side_by_side=True)
    analyze(store, {**SAID, "per_version": True})
    (store.parent / "modeltap.toml").write_text("per_version = true\n")
    change = compare_versions(connect(store), "m")
    assert change.side_by_side and not change.notes
    assert any(row.of == "windows" for row in change.rows)


def test_a_noted_version_is_compared_with_what_was_before(store):
    fill(store, ("", ""))
    analyze(store, SAID)
    connection = connect(store)
    with writing(connection):
        note_version(connection, "m", "", "2", CHANGE)
    change = compare_versions(connection, "m")
    assert (change.before.version, change.after.version) == ("", "2")
    assert by_name(change)["prediction_mean", None, "rows"].difference == pytest.approx(5.0)


SERVED = [
    ServedVersion("", "1", "2024-01-01", "2024-01-03"),
    ServedVersion("", "2", "2024-01-02", "2024-01-04"),
    ServedVersion("", "3", "2024-01-05", "2024-01-06"),
]


@pytest.mark.parametrize(
    ("before", "after", "chosen"),
    [
        (None, None, ("2", "3")),
        (None, "2", ("1", "2")),
        ("1", None, ("1", "3")),
        ("3", "1", ("3", "1")),
    ],
)
def test_the_newest_version_and_the_one_before_it_by_default(before, after, chosen):
    first, second = chosen_versions(SERVED, before, after, None)
    assert (first.version, second.version) == chosen


@pytest.mark.parametrize(
    ("served", "before", "after", "environment", "reason"),
    [
        (SERVED, "4", None, None, "there is no version '4' to compare"),
        (SERVED, None, "1", None, "there is no version before '1'"),
        (SERVED, "2", "2", None, "there is no version '2' to compare"),
        (SERVED[:1], None, None, None, "there is no version before '1'"),
        (SERVED, None, None, "test", "there is no version"),
        ([], None, None, None, "there is no version"),
        (
            [*SERVED, SERVED[0]._replace(environment="test")],
            None,
            None,
            None,
            "several environments",
        ),
    ],
)
def test_versions_that_cannot_be_compared_are_one_clear_line(
    served, before, after, environment, reason
):
    with pytest.raises(InputError, match=reason):
        chosen_versions(served, before, after, environment)
