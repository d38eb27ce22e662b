"""Input and output of protocol plugins."""

from __future__ import annotations

import json

import pytest

from modeltap.config.mapping_settings import MappingSettings
from modeltap.payload import Decoded, Payload, media, parse_json, unwrapped


def test_json_is_parsed_once_and_never_from_a_truncated_body():
    """The rest of a truncated body is unknown."""
    payload = Payload("/", None, 200, '{"x": 1}', "[1]")
    assert payload.request_json is payload.request_json and payload.request_json == {"x": 1}
    cut = Payload("/", None, 200, "1", "[1]", request_truncated=True, response_truncated=True)
    assert cut.request_json is None and cut.response_json is None


@pytest.mark.parametrize("body", [None, "", "a,b", b"\xff", "[" * 100_000, '{"a": '])
def test_invalid_json_is_none(body):
    """Also JSON that is nested too deeply."""
    assert parse_json(body) is None


@pytest.mark.parametrize(
    "body", ['{"a\\ud800": ["\\udfff", NaN]}', b'{"a\xed\xa0\x80": ["\xed\xbf\xbf", NaN]}']
)
def test_lone_surrogates_are_escaped(body):
    """No encoding can write them, and a client that sends them must not stop the analysis."""
    (name, (value, _)), *_ = parse_json(body).items()
    assert (name, value) == ("a\\ud800", "\\udfff")
    assert parse_json('["\\ud83d\\ude00", NaN]')[0] == "😀"


DOCUMENTS = [{"a": 1}, [1.5], [], {}, "text", "1", 1, True, None, {"a": "[1]"}]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("kept", ["text", "bytes"])
def test_a_byte_order_mark_is_ignored(document, encoding, kept):
    """In text and in bytes."""
    raw = json.dumps(document).encode(encoding)
    assert parse_json(raw.decode() if kept == "text" else raw) == document


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
@pytest.mark.parametrize("times", range(4))
def test_json_in_a_json_text_is_unwrapped(document, times):
    """Objects and lists only. A response may also be a label that was encoded twice."""
    body = document
    for _ in range(times):
        body = json.dumps(body)
    expected = document if type(document) in (dict, list) else body
    assert unwrapped(body) == expected
    payload = Payload("/", None, 200, json.dumps(body), json.dumps(body))
    quoted = type(body) is str and body.startswith('"')
    assert payload.request_json == expected
    assert payload.response_json == (json.loads(body) if quoted and body is expected else expected)


def test_unwrapping_of_json_is_limited():
    """Each level doubles the backslashes of the inner one."""
    body = {"a": 1}
    for _ in range(6):
        body = json.dumps(body)
    assert unwrapped(body) == body


def test_the_users_columns_are_used_if_their_number_matches():
    """Otherwise names are numbered."""
    payload = Payload("/", None, 200, None, None, mapping=MappingSettings(columns=("a", "b")))
    assert payload.named([1, 2]) == {"a": 1, "b": 2}
    assert payload.named([1, 2, 3]) == {"f0": 1, "f1": 2, "f2": 3}


def test_a_line_has_the_time_of_the_chunk_that_completed_it():
    """Lines after the last chunk have no time."""
    payload = Payload("/", None, 200, None, None, stream={"lines": [[5, 1], [7.5, 3]]})
    assert [payload.line_ms(line) for line in range(4)] == [5.0, 7.5, 7.5, None]


def test_predictions_are_paired_only_if_the_counts_match():
    """Missing scores are None for each row."""
    paired = Decoded(rows=[{"x": 1}, {"x": 2}]).pair([0, 1], probabilities=[[0.1, 0.9]])
    assert (paired.predictions, paired.scores) == ([0, 1], [None, None])
    assert paired.probabilities == [None, None] and paired.note is None
    unpaired = Decoded(rows=[{"x": 1}, {"x": 2}]).pair([0])
    assert unpaired.predictions == [] and unpaired.note


def test_media_types_have_no_parameters():
    assert [media(one) for one in ("Text/CSV ; header=present", None)] == ["text/csv", ""]
