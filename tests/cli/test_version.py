"""`modeltap version`: noting a version, and what a change of version did."""

from __future__ import annotations

import json

import pytest

from command import lines, modeltap
from stores import analyze, every, put, read

SAID = {"reference": "first 100 rows", "multivariate": False, "window": "1h", "min_rows": 20}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Ten hours without a version; in the second half predictions are larger by 5."""
    store = tmp_path_factory.mktemp("version") / "taps.db"
    responses = [json.dumps({"prediction": n % 100 / 10 + 5.0 * (n >= 300)}) for n in range(600)]
    put(store, every(1, 600), [{"x": n % 7} for n in range(600)], responses=responses)
    analyze(store, SAID)
    return store


def test_a_version_is_noted_and_compared(filled):
    """First there is one version; then every metric before and after the change is shown."""
    assert "" in modeltap("version", "m", "--store", filled)
    said = modeltap("version", "m", "1.4", "--at", "2024-01-01T05:00", "--store", filled)
    assert said == "m is of version 1.4 since 2024-01-01 05:00\n"
    assert [row["version"] for row in read(filled, "select * from noted_versions")] == ["1.4"]
    shown = modeltap("version", "m", "--store", filled)
    assert "versions no version and 1.4, changed at 2024-01-01 05:00:" in shown
    rows = lines(modeltap("version", "m", "--store", filled, "--json"))
    mean = next(row for row in rows if row["metric"] == "prediction_mean")
    assert mean["after_version"] == "1.4" and 4.8 < mean["difference"] < 5.2
    assert mean["low"] > 0 and mean["of"] == "rows"
    assert any(row["metric"] == "drift" and row["feature"] == "x" for row in rows)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("other",), 1, "no model 'other'"),
        (("m", "1.5", "--at", "yesterday"), 2, "'yesterday' is not a valid time"),
        (("m", "  "), 1, "must be printable text"),
        (("m", "v" * 201), 1, "must be printable text"),
        (("m", "1\n2"), 1, "must be printable text"),
        (("m", "1.5", "--environment", "test"), 1, "has no environment 'test'"),
        (("m", "1.5", "--before", "1"), 2, "--before compares versions"),
        (("m", "--at", "2024-01-01"), 2, "give MODEL and VERSION"),
        (("m", "--before", "9"), 1, "there is no version '9'"),
    ],
    ids=str,
)
def test_a_mistake_is_one_clear_line(filled, words, code, reason):
    assert reason in modeltap("version", *words, "--store", filled, code=code)
