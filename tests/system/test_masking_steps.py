"""What masking costs: steps and calls against the bytes, for bodies of all kinds."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeltap.privacy.masker import Masker
from secret_corpus import all_routes, features
from secret_corpus.visit import JSON

SECRET = "qzv7m3rf6fwjx4xjw6x3"

BODIES = [
    (visit.body, visit.type, visit.headers.get("content-encoding", ""))
    for visit in (route.visit(SECRET) for route in all_routes())
    if 0 < len(visit.body) < 5000
] + [(visit.body, JSON, "") for visit in features.visits().values()]
"""Bodies that are sent, short enough to repeat them."""

STEPS_PER_BYTE = 12
"""A list in a list is looked at by each of the maskers of documents, tables and pairs."""

MORE_CALLS = 200
"""Some bodies are looked at once more when they are longer: where a memory ends, for example."""


def repeated(body: bytes, kind: str, times: int) -> bytes:
    """Return a body of the same kind, so many times as long."""
    if kind == JSON and body[:1] in (b"{", b"["):
        return b"[" + b",".join([body] * times) + b"]"
    return body * times


def calls_for(body: bytes, kind: str) -> int:
    """Count the calls of functions that masking a body takes, with memories that are cold."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    masker, before = Masker(), sys.getprofile()
    sys.setprofile(count)
    try:
        masker.body(body, "", kind)
    finally:
        sys.setprofile(before)
    return calls


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(BODIES), st.integers(1, 12))
def test_the_steps_grow_with_the_bytes(body, times):
    """Whatever is in the body, masked or not."""
    plain, kind, encoding = body
    masker, sent = Masker(), repeated(plain, kind, times)
    masker.body(sent, encoding, kind)
    inflated = 1000 if encoding else 0  # of what a compressed body holds
    assert masker.steps <= 20 + STEPS_PER_BYTE * (len(sent) + inflated)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([body for body in BODIES if not body[2]]))
def test_the_calls_grow_with_the_bytes(body):
    """Twice as long a body takes at most little more than twice as many calls."""
    plain, kind, _ = body
    once, twice = (calls_for(repeated(plain, kind, times), kind) for times in (8, 16))
    assert twice <= 2.3 * once + MORE_CALLS


@pytest.mark.parametrize("depth", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_what_is_nested_has_an_end(depth):
    """A budget that is spent leaves a body out, however deep its texts are nested."""
    body = b'{"columns": ["token"], "data": [' + b",".join([b"[1]"] * 5000) + b"]}"
    for _ in range(depth):
        body = b"[" + b",".join([body] * 10) + b"]"
    masker = Masker(budget=20_000)
    kept, note = masker.body(body, "", JSON)
    assert (kept, note) == (None, "unmaskable")
    assert masker.steps <= 20_000 + len(body)
