"""Exchanges without rows or predictions, rows without times, each with a fix."""

from __future__ import annotations

import pytest

from coverage_cases import CLEAN, by_subject, covered, fill
from modeltap.analysis.coverage.missing_parts import missing_parts
from modeltap.config.mapping_settings import MappingSettings
from modeltap.config.settings import Settings
from modeltap.decoding.shortfalls import COMPRESSED, NO_RESPONSE, Shortfall
from modeltap.store.connection import connect, writing
from stores import analyze, every, put

UNKNOWN = [{"model_version": "v3", "grid": [[[n / 10, "EUR"], [2]]]} for n in range(300)]


def test_responses_without_a_known_prediction_are_a_problem_with_a_mapping(store):
    fill(store, CLEAN, responses=UNKNOWN)
    report = covered(store)
    (finding,) = report.problems
    assert (finding.check, finding.count, finding.total) == ("predictions", 300, 300)
    assert "responses of m have model_version, grid" in finding.reason
    assert '[models.m.mapping] prediction = "grid"' in finding.fix


def test_a_mapping_ends_the_problem(store):
    fill(store, CLEAN, responses=UNKNOWN)
    assert covered(store, mapping=MappingSettings(prediction="grid[0][0][0]")).problems == []


@pytest.mark.parametrize(
    ("mapping", "check"),
    [
        ({"prediction": "price"}, "predictions"),
        ({"rows": "items"}, "rows"),
        ({"rows": "@", "prediction": "gird"}, "predictions"),
    ],
)
def test_a_mapping_that_matches_nothing_is_a_problem(store, mapping, check):
    fill(store, CLEAN, responses=UNKNOWN)
    (finding,) = covered(store, mapping=MappingSettings(**mapping)).problems
    assert finding.check == check and "mapping" in finding.reason


@pytest.mark.parametrize("bad", [1, 30, 300])
def test_requests_without_rows_are_counted_with_what_they_are(store, bad):
    """One in three hundred is a note, and one in ten a problem."""
    rows = [[] if n < bad else CLEAN[n] for n in range(300)]
    fill(store, rows)
    report = by_subject(covered(store), "rows")
    (finding,) = report.values()
    assert (finding.count, finding.total, finding.level) == (
        bad,
        300,
        "note" if bad == 1 else "problem",
    )
    assert "exclude_paths" in finding.fix


@pytest.mark.parametrize("others", [0, 300])
def test_pages_without_a_body_are_a_note_if_there_are_calls(store, others):
    """Without calls they are a problem: the model is not monitored at all."""
    put(store, every(1, others), CLEAN[:others])
    put(store, every(1, 100), [""] * 100, responses=["<html>"] * 100, prefix="page")
    connection = connect(store)
    with writing(connection):
        connection.execute("update exchanges set request_body = null where id like 'page%'")
    connection.close()
    analyze(store, {})
    (finding,) = by_subject(covered(store), "rows").values()
    assert finding.level == ("note" if others else "problem")


@pytest.mark.parametrize(
    ("event_time", "reason", "fix"),
    [
        ("body:tms", "no field tms", 'event_time = "body:ts"'),
        ("body:x", "not readable", 'event_time = "request"'),
        ("header:x-time", "no event time", 'event_time = "request"'),
    ],
)
def test_rows_without_their_time_are_a_problem(store, event_time, reason, fix):
    rows = [
        {"x": "soon", "n": n % 9, "ts": moment.isoformat()}
        for n, moment in enumerate(every(1, 300))
    ]
    fill(store, rows)
    connection = connect(store)
    with writing(connection):  # as capture leaves it
        connection.execute("update exchanges set event_time = null")
    connection.close()
    (finding,) = covered(store, event_time=event_time).problems
    assert (finding.check, finding.count, finding.total) == ("event_time", 300, 300)
    assert reason in finding.reason and fix in finding.fix


def test_a_response_that_is_deliberately_not_kept_is_a_note():
    counts = {Shortfall("predictions", NO_RESPONSE): 10}
    (finding,) = missing_parts("m", counts, Settings(capture_response_body=False))
    assert finding.level == "note" and "capture_response_body = true" in finding.fix
    (finding,) = missing_parts("m", counts, Settings())
    assert finding.level == "problem"


@pytest.mark.parametrize("reason", ["request: cut", "response: cut"])
def test_a_body_that_was_cut_names_a_larger_limit(reason):
    part = "rows" if reason.startswith("request") else "predictions"
    (finding,) = missing_parts("m", {Shortfall(part, reason): 3}, Settings())
    assert "max_body_bytes = 262144" in finding.fix


@pytest.mark.parametrize(("part", "side"), [("rows", "request"), ("predictions", "response")])
def test_a_compressed_body_names_the_missing_package(part, side):
    counts = {Shortfall(part, f"{side}: {COMPRESSED}"): 3}
    (finding,) = missing_parts("m", counts, Settings())
    assert finding.level == "problem" and "brotli or zstandard" in finding.fix


def test_no_exchanges_have_no_finding():
    assert missing_parts("m", {}, Settings()) == []
