"""Replies of a judge: choices in the forms that models write, and everything else."""

from __future__ import annotations

import json

import pytest

from modeltap.judge.judge_replies import choice_in, reply_of

LISTED = ("good", "bad", "not sure")

CHOICES = {
    "A": "good",
    "b": "bad",
    " C.\n": "not sure",
    "**A**": "good",
    "`B`": "bad",
    "(A)": "good",
    "good": "good",
    "BAD.": "bad",
    "Not sure": "not sure",
    "B: bad": "bad",
    "A) good": "good",
    '{"choice": "B"}': "bad",
    '{"answer": "good"}': "good",
    '"A"': "good",
    "": None,
    "D": None,
    "A: bad": None,
    "A or B": None,
    "good or bad": None,
    "I think it is good": None,
    '{"a": "A", "b": "B"}': None,
    '{"choice": 1}': None,
    "[" * 5000: None,
    "AB": None,
    "7": None,
}


@pytest.mark.parametrize("text", CHOICES, ids=lambda text: ascii(text[:20]))
def test_a_choice_is_named_by_its_letter_or_its_name(text):
    assert choice_in(text, LISTED) == CHOICES[text]


def completion(message, **more):
    return {"choices": [{"message": message, **more}], "usage": {"total_tokens": 7}}


BODIES = [
    (completion({"content": "A"}), "answered"),
    (completion({"content": "perhaps"}), "unreadable"),
    (completion({"content": None}), "unreadable"),
    (completion({"content": ["A"]}), "unreadable"),
    (completion({"content": None, "refusal": "no"}), "refused"),
    (completion({"content": "A"}, finish_reason="content_filter"), "refused"),
    ({"choices": []}, "unexpected"),
    ({"choices": [None]}, "unexpected"),
    ({"choices": [{"text": "A"}]}, "unexpected"),
    ({"error": {"message": "overloaded"}}, "unexpected"),
    ([], "unexpected"),
    (None, "unexpected"),
    ("A", "unexpected"),
]


@pytest.mark.parametrize(("document", "outcome"), BODIES, ids=lambda value: str(value)[:40])
def test_a_body_is_a_reply_or_has_a_reason(document, outcome):
    reply = reply_of(json.dumps(document).encode(), LISTED)
    assert reply.outcome == outcome
    assert (reply.choice is not None) == (outcome == "answered")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"data: {}\n\n", b"[" * 100_000])
def test_other_bodies_are_not_json(body):
    assert reply_of(body, LISTED).outcome == "not_json"


@pytest.mark.parametrize("total", [-1, 2**60, 1.5, "7", True, None])
def test_an_odd_count_of_tokens_is_unknown(total):
    document = {**completion({"content": "A"}), "usage": {"total_tokens": total}}
    assert reply_of(json.dumps(document).encode(), LISTED).tokens is None
