"""Log messages about parts that are not monitored, each logged once."""

from __future__ import annotations

import logging

import pytest

from stores import analyze, every, put

ROW = {"x": 1, "auth_method": "[masked]"}


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.WARNING, logger="modeltap")
    return lambda: [one.message for one in caplog.records if "masked in all rows" in one.message]


def test_masked_columns_are_logged_once_before_a_reference_exists(store, lines):
    put(store, every(1, 10), [ROW] * 10)
    analyze(store, {})
    assert lines() == []  # too few rows to tell
    for part in range(3):
        put(store, every(1, 30, 10 + 30 * part), [ROW] * 30, prefix=f"p{part}-")
        analyze(store, {})
    (line,) = lines()
    assert line.startswith("modeltap: m: masked in all rows: auth_method; ")
    assert "unmask_body_fields = ['^auth_method$']" in line


def test_an_immediate_reference_logs_masked_columns_as_untested(store, lines):
    rows = [{"x": n * 7 % 100, "auth_method": "[masked]"} for n in range(300)]
    put(store, every(1, 300), rows)
    analyze(store, {"reference": "first 200 rows", "window": "100 rows"})
    (line,) = lines()
    assert "1 of 2 columns not tested" in line


def test_unmasked_models_are_checked_once(store, lines):
    put(store, every(1, 30), [{"x": 1}] * 30)
    analyze(store, {})
    put(store, every(1, 30, 30), [ROW] * 30, prefix="later")
    analyze(store, {})
    assert lines() == []
