"""Columns that were missing, mixed or mostly distinct are learnt again; others are unchanged."""

from __future__ import annotations

import logging
from itertools import pairwise

import numpy as np
import pytest

from stores import analyze, every, put, read
from weeks import ROWS_AN_HOUR, from_hour, metrics, reference_of, times

SETTINGS = {"min_rows": 25, "multivariate": False, "window": "1h", "reference": "first 1d"}
HOURS = 92
LEARNT = 72
"""The end of learning, in hours, of a column that is testable from hour 48."""

LEARNT_UNTIL = "2024-01-04T00:00:00.000Z"
DRIFTS = 84
DRIFT_FROM = "2024-01-04T12:00:00.000Z"


def rows(hours=HOURS, seed=0):
    rng = np.random.default_rng(seed)
    count = hours * ROWS_AN_HOUR
    pairs = zip(rng.normal(50, 10, count), rng.choice(["a", "b"], count), strict=True)
    return [{"amount": round(float(x), 3), "kind": str(kind)} for x, kind in pairs]


def comes_later(count, rng):
    """No value for two days, then growing numbers."""
    values = [None] * (48 * ROWS_AN_HOUR)
    values += rng.normal(5, 1, (DRIFTS - 48) * ROWS_AN_HOUR).round(3).tolist()
    return values + rng.normal(9, 1, count - len(values)).round(3).tolist()


def was_mixed(count, rng):
    """Numbers, texts and lists for two days, then growing numbers."""
    kinds = [1.5, "n/a", [1]]
    mixed = [kinds[place] for place in rng.integers(0, 3, 48 * ROWS_AN_HOUR).tolist()]
    return mixed + comes_later(count, rng)[len(mixed) :]


def were_ids(count, rng):
    """No text twice for two days, then three texts, of which one disappears."""
    ids = [f"{n:08x}" for n in range(48 * ROWS_AN_HOUR)]
    words = rng.choice(["x", "y", "z"], count - len(ids)).tolist()
    drifts = (DRIFTS - 48) * ROWS_AN_HOUR
    return ids + words[:drifts] + ["x" if word == "z" else word for word in words[drifts:]]


def absent(count, rng):
    """The field is absent for two days except in one row; then it has growing numbers."""
    values = comes_later(count, rng)
    return [None, *["absent"] * (48 * ROWS_AN_HOUR - 1), *values[48 * ROWS_AN_HOUR :]]


KINDS = [
    (comes_later, "all values were missing", "numeric"),
    (absent, "all values were missing", "numeric"),
    (was_mixed, "mixed", "numeric"),
    (were_ids, "mostly distinct", "categorical"),
]


def with_column(column, table=None):
    table = rows() if table is None else table
    for row, value in zip(table, column(len(table), np.random.default_rng(1)), strict=True):
        if value != "absent":
            row["late"] = value
    return table


def in_steps(store, table, hours, settings=SETTINGS):
    """Analyze rows that arrive in steps of `hours`."""
    moments, step = times(HOURS), hours * ROWS_AN_HOUR + 7
    for start in range(0, len(table), step):
        part = slice(start, start + step)
        put(store, moments[part], table[part], prefix=f"r{start} ")
        analyze(store, settings)


def of_late(store):
    return reference_of(store).by_name["late"]


def alerts(store):
    return read(
        store,
        "select metric, feature, window_start from alerts where state <> 'pending' order by 3",
    )


@pytest.mark.parametrize(("column", "reason", "kind"), KINDS)
def test_a_column_is_learnt_from_its_own_rows_and_its_drift_is_detected(
    store, column, reason, kind, caplog
):
    caplog.set_level(logging.INFO, logger="modeltap")
    table, moments = with_column(column), times(HOURS)
    early = 60 * ROWS_AN_HOUR
    put(store, moments[:early], table[:early])
    analyze(store, SETTINGS)
    assert of_late(store).untested_reason() == reason
    put(store, moments[early:], table[early:], prefix="s")
    analyze(store, SETTINGS)
    late = of_late(store)
    assert (late.kind, late.learnt_from, late.learnt_until) == (
        kind,
        "2024-01-03T00:00:00.000Z",
        LEARNT_UNTIL,
    )
    assert sum(late.counts) == 24 * ROWS_AN_HOUR
    assert "column late is testable since 2024-01-03" in caplog.text
    drift = metrics(store, "metric = 'drift' and feature = 'late'")
    assert min(row["window_start"] for row in drift) == LEARNT_UNTIL
    verdicts = {row["window_start"] >= DRIFT_FROM: set() for row in drift}
    for row in drift:
        verdicts[row["window_start"] >= DRIFT_FROM].add(row["verdict"])
    assert verdicts == {False: {"ok"}, True: {"alert"}}
    assert ("drift", "late") in {(row["metric"], row["feature"]) for row in alerts(store)}
    assert {row["feature"] for row in alerts(store)} == {"late"}


@pytest.mark.parametrize("column", [comes_later, was_mixed, were_ids])
def test_imported_and_live_rows_give_the_same_result(store, tmp_path, column):
    table = with_column(column)
    put(store, times(HOURS), table)
    analyze(store, SETTINGS)
    live = tmp_path / "live.db"
    in_steps(live, table, 19)
    assert reference_of(live).to_json() == reference_of(store).to_json()
    assert reference_of(live).id == reference_of(store).id
    assert metrics(live) == metrics(store)


def test_other_columns_are_evaluated_unchanged(store, tmp_path):
    """Their counts, their blocks and their metrics are the same."""
    put(store, times(HOURS), with_column(comes_later))
    analyze(store, SETTINGS)
    alone = tmp_path / "alone.db"
    put(alone, times(HOURS), rows())
    analyze(alone, SETTINGS)
    own, same = reference_of(store), reference_of(alone)
    for name in ("amount", "kind"):
        assert own.by_name[name] == same.by_name[name]
    where = "feature in ('amount', 'kind')"
    assert metrics(store, where) == metrics(alone, where)


def test_old_windows_do_not_alert_again_and_a_second_pass_changes_nothing(store):
    """An alert that ended before the column was learnt stays as it was."""

    def moved(row):
        row["amount"] += 40

    table = from_hour(with_column(comes_later), 30, 34, moved)
    in_steps(store, table, 13)
    before = [row for row in alerts(store) if row["feature"] == "amount"]
    assert before and {row["window_start"] < LEARNT_UNTIL for row in before} == {True}
    history = read(store, "select * from alerts")
    evaluated = metrics(store)
    windows = "select window_start, evaluated_start from windows where due and reference_id = ?"
    assert len(read(store, windows, reference_of(store).id)) <= 1
    analyze(store, SETTINGS)
    assert read(store, "select * from alerts") == history
    assert metrics(store) == evaluated
    assert len(read(store, "select * from \"references\" where state = 'active'")) == 2


@pytest.mark.parametrize("window", ["100 rows", "4h"])
def test_row_windows_and_longer_windows(store, window):
    settings = {**SETTINGS, "window": window}
    in_steps(store, with_column(comes_later), 13, settings)
    late = of_late(store)
    assert late.kind == "numeric" and LEARNT_UNTIL[:8] in late.learnt_until
    drift = metrics(store, "metric = 'drift' and feature = 'late'")
    assert {row["verdict"] for row in drift if row["window_start"] >= late.learnt_until} == {
        "ok",
        "alert",
    }
    assert {row["feature"] for row in alerts(store)} == {"late"}
    periods = "select window_start, count(*) n from metrics where metric = 'drift' "
    periods += "and feature = 'amount' group by 1 having n > 1"
    assert read(store, periods) == []


def test_drift_that_is_evaluated_by_day(store):
    """Five rows per hour: both kinds of windows continue under the new reference, once each."""
    days, hourly = 9, 5
    count = days * 24 * hourly
    moments = every(60 / hourly, count)
    rng = np.random.default_rng(0)
    numbers = rng.normal(5, 1, count).round(3)
    numbers[6 * 24 * hourly :] += 4
    values = [None] * (2 * 24 * hourly) + numbers[2 * 24 * hourly :].tolist()
    amounts = rng.normal(50, 10, count).round(3).tolist()
    table = [{"amount": x, "late": value} for x, value in zip(amounts, values, strict=True)]
    settings = {"multivariate": False, "reference": "first 2d"}
    step = 100
    for start in range(0, count, step):
        part = slice(start, start + step)
        put(store, moments[part], table[part], prefix=f"r{start} ")
        analyze(store, settings)
    assert reference_of(store).drift_window == "1d"
    assert of_late(store).learnt_until == "2024-01-05T00:00:00.000Z"
    drift = metrics(store, "metric = 'drift' and feature = 'late'")
    assert [(row["window"], row["window_start"][8:10], row["verdict"]) for row in drift] == [
        ("1d", "05", "ok"),
        ("1d", "06", "ok"),
        ("1d", "07", "alert"),
        ("1d", "08", "alert"),
    ]
    missing = "select window, window_start, window_end from metrics where metric = 'missing_rate' "
    hours = read(store, missing + "and feature = 'amount' order by window_start")
    assert {row["window"] for row in hours} == {"1h"}
    assert all(a["window_end"] <= b["window_start"] for a, b in pairwise(hours))


def test_multivariate_drift_leaves_the_column_out(store):
    """The reference's rows have no values of it, so they would always be distinguishable."""
    settings = {**SETTINGS, "multivariate": True, "window": "12h"}
    table = with_column(comes_later)[: 85 * ROWS_AN_HOUR]
    put(store, times(85), table)
    analyze(store, settings)
    assert of_late(store).learnt_until == LEARNT_UNTIL
    whole = metrics(store, f"metric = 'multivariate_drift' and window_start >= '{LEARNT_UNTIL}'")
    assert whole and {row["verdict"] for row in whole} == {"ok"}


def test_texts_are_compared_by_their_measures(store):
    def texts(count, rng):
        words = rng.choice(["order", "refund", "where"], (count, 3))
        table = [" ".join(row) for row in words.tolist()]
        drifts = DRIFTS * ROWS_AN_HOUR
        return [
            *[None] * (48 * ROWS_AN_HOUR),
            *table[48 * ROWS_AN_HOUR : drifts],
            *(f"{text} damaged parcel" for text in table[drifts:]),
        ]

    put(store, times(HOURS), with_column(texts))
    analyze(store, SETTINGS | {"features": {"late": {"type": "text"}}})
    table = reference_of(store)
    assert table.by_name["late.words"].learnt_until == LEARNT_UNTIL
    drift = metrics(
        store, "metric = 'drift' and feature = 'late.out_of_vocabulary' and verdict = 'alert'"
    )
    assert drift and min(row["window_start"] for row in drift) == DRIFT_FROM


def test_recomputed_windows_up_to_its_own_rows_are_learning(store):
    put(store, times(HOURS), with_column(absent))
    analyze(store, SETTINGS)
    fired = alerts(store)
    analyze(store, SETTINGS, again=True)
    assert alerts(store) == fired
    before = metrics(store, f"feature = 'late' and window_start < '{LEARNT_UNTIL}'")
    assert {row["verdict"] for row in before} <= {"learning", None, "not_enough_rows"}
    changed = metrics(store, "metric = 'schema_change' and verdict = 'alert'")
    assert changed == []
