"""Answers to agents fit, whatever is in them."""

from __future__ import annotations

import msgspec
import pytest

from modeltap.bridges.bounded_answer import MOST_CHARACTERS, MOST_OF_BODY, bounded_answer


def deep(levels):
    value = {"end": 1}
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"rows": [{"text": "x" * 5000}] * 1000},
        {"rows": [{"x" * 5000: 1}] * 1000, "others": ["🛫" * 3000] * 500},
        {f"name{n}": "y" * 1900 for n in range(500)},
        {"exchange": {"request_body": "z" * 10**6, "response_body": "\x00" * 10**6}},
        {"rows": [deep(900)]},
        {"rows": [float("nan"), float("inf"), b"\xff" * 10**6]},
        {"rows": ["\ud800" * 3000]},
    ],
    ids=["empty", "rows", "names", "fields", "bodies", "deep", "numbers", "surrogates"],
)
def test_an_answer_fits_and_can_be_written(data):
    answer = bounded_answer(data)
    assert len(msgspec.json.encode(answer)) <= MOST_CHARACTERS + 1000
    assert answer["notice"]


def test_what_does_not_fit_is_counted():
    answer = bounded_answer({"rows": [{"n": n, "text": "x" * 900} for n in range(500)]})
    assert len(answer["rows"]) + answer["left_out"]["rows"] == 500
    assert answer["rows"][0]["n"] == 0 and "ask for less" in answer["hint"]


def test_a_body_may_be_longer_than_other_texts():
    answer = bounded_answer({"exchange": {"request_body": "x" * 10**6, "path": "x" * 10**6}})
    assert len(answer["exchange"]["request_body"]) > MOST_OF_BODY
    assert len(answer["exchange"]["path"]) < 2100
