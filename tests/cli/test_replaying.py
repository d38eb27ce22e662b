"""The command `replay`, as people call it."""

from __future__ import annotations

import json

import pytest

from candidate_server import candidate, doubled, fill
from command import modeltap
from terminal import on_a_terminal


def replay(store, url, *words, code=0, **options):
    return modeltap(
        "replay", "--store", store, "--model", "m", "--to", url, *words, code=code, **options
    )


def test_a_replay_reports_what_it_did_and_continues(store, monkeypatch):
    fill(store, 6)
    fill(store, 2, first=6, request_note="masked")
    monkeypatch.setenv("TOKEN", "t0ken")
    with candidate(doubled) as server:
        name = server.url.removeprefix("http://")
        text = replay(store, server.url, "--limit", 4, "--header", "authorization: env:TOKEN")
        assert text.splitlines() == [
            f"2 requests sent to {name}, 2 answered with 2 predictions",
            "2 requests left out: request masked",
        ]
        assert {request.headers["authorization"] for request in server.received} == {"t0ken"}
        again = json.loads(replay(store, server.url, "--json"))
    assert (again["answered_before"], again["sent"], again["rows"]) == (2, 4, 4)
    assert again["left_out"] == {"request masked": 2} and again["stopped"] is None


def test_a_run_without_a_prediction_exits_with_1_and_one_line(store):
    fill(store, 3)
    with candidate(lambda _: (404, "text/plain", b"")) as server:
        error = replay(store, server.url, code=1)
    assert error == f"modeltap: {server.url}: no response has a prediction: status 404 (3)\n"
    error = replay(store, server.url, code=1)
    assert error.count("\n") == 1 and "connection refused" in error


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--rate", "0"], 1, "rate 0.0 is not valid"),
        (["--rate", "fast"], 2, "'fast' is not a valid float"),
        (["--concurrency", "1000"], 1, "concurrency 1000 is not valid"),
        (["--since", "yesterday"], 2, "'yesterday' is not a valid time"),
        (["--header", "authorization"], 2, "has no colon"),
        (["--header", "a b: c"], 1, "header 'a b' is not valid"),
        (["--header", "x: env:NO_SUCH_VARIABLE"], 2, "NO_SUCH_VARIABLE is not set"),
        (["--name", ""], 1, "name '' is not valid"),
        (["--model", "n"], 1, "no model 'n'"),
        (["--to", "file:///etc/passwd"], 1, "scheme 'file'"),
    ],
)
def test_wrong_words_are_refused(store, words, code, reason):
    fill(store, 1)
    assert reason in replay(store, "http://127.0.0.1:1", *words, code=code)


def test_a_missing_store_is_not_created(store):
    assert "modeltap: " in replay(store, "http://127.0.0.1:1", code=1)
    assert not store.exists()


def test_a_terminal_shows_the_progress(store):
    fill(store, 5)
    with candidate(doubled) as server:
        words = ["replay", "--store", store, "--model", "m", "--to", server.url]
        code, text = on_a_terminal(*words)
    assert code == 0 and "replaying m" in text and "100%" in text
