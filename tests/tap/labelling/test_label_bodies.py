"""Labels in bodies: an object, a list, lines; each invalid one has a reason."""

from __future__ import annotations

import json

import pytest

from modeltap.store.sent_labels import SentLabel
from modeltap.tap.labelling.label_bodies import MAX_LABELS, BodyRefused, labels_in

A, B = SentLabel("a", 1), SentLabel("b", 2, 3)
LINES = b'{"id": "a", "value": 1}\n\n{"id": "b", "value": 2, "row": 3}\n'


@pytest.mark.parametrize(
    ("body", "media", "expected"),
    [
        (b'{"id": "a", "value": 1}', "application/json", [A]),
        (b'\xef\xbb\xbf{"id": "a", "value": 1}', "application/json; charset=utf-8", [A]),
        (b'[{"id": "a", "value": 1}, {"id": "b", "value": 2, "row": 3}]', "", [A, B]),
        (LINES, "application/x-ndjson", [A, B]),
        (LINES, "application/jsonl", [A, B]),
        (LINES, "application/json", [A, B]),
        (LINES, "", [A, B]),
        (b'{"id": "a",\n"value": 1}', "text/plain", [A]),
        (b"[]", "application/json", []),
        (b'{"id": 41, "value": "x"}', "", [SentLabel("41", "x")]),
        (b'{"id": "a", "value": true}', "", [SentLabel("a", "true")]),
        (b'{"id": "a", "value": {"price": 1}}', "", [SentLabel("a", '{"price": 1}')]),
        (b'{"id": "a", "value": [1, 0]}', "", [SentLabel("a", "[1, 0]")]),
        (b'{"id": 41.5, "value": 1, "key": "x"}', "", [SentLabel("41.5", 1, key="x")]),
        (
            b'{"id": "a", "value": 1, "labelled_at": "2024-05-01"}',
            "",
            [SentLabel("a", 1, labelled_at="2024-05-01T00:00:00.000Z")],
        ),
    ],
)
def test_labels_are_read_in_each_form(body, media, expected):
    assert labels_in(body, media) == expected


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "empty"),
        (b"\n\n", 400, "empty"),
        (b"id=a&value=1", 400, "not valid JSON"),
        (b"\xff\xfe{", 400, "not UTF-8"),
        (b"[" * 200_000, 400, "not valid JSON"),
        (b'{"id": "a"', 400, "not valid JSON"),
        (b'"a"', 422, "a single str"),
        (b"5", 422, "a single int"),
        (b"null", 422, "a single NoneType"),
    ],
)
def test_a_body_without_labels_is_refused(body, status, reason):
    with pytest.raises(BodyRefused, match=reason) as refused:
        labels_in(body, "application/json")
    assert refused.value.status == status


def test_broken_lines_are_rejected_and_the_others_kept():
    first, broken, last = labels_in(b'{"id": "a", "value": 1}\n{"id"\n{"id": "b", "value": 2}', "")
    assert (first.id, last.id) == ("a", "b")
    assert broken.index == 1 and "not valid JSON" in broken.reason
    with pytest.raises(BodyRefused, match="not valid JSON"):
        labels_in(b"a\nb", "application/jsonl")


def test_a_body_has_a_limited_number_of_labels():
    labels = [{"id": "a", "value": 1}] * (MAX_LABELS + 1)
    with pytest.raises(BodyRefused, match="at most 10,000 at once") as refused:
        labels_in(json.dumps(labels).encode(), "")
    assert refused.value.status == 413


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("a", "is not an object"),
        (None, "is not an object"),
        ({"id": "a"}, "`value` is missing"),
        ({"id": "a", "value": None}, "not withdrawn"),
        ({"value": 1}, "`id` None"),
        ({"id": "", "value": 1}, "`id` ''"),
        ({"id": True, "value": 1}, "`id` True"),
        ({"id": 1.5, "value": 1}, "`id` 1.5"),
        ({"id": "a" * 1001, "value": 1}, "at most 1,000 characters"),
        ({"id": "a", "value": 1, "row": -1}, "`row` -1"),
        ({"id": "a", "value": 1, "row": "0"}, "`row` '0'"),
        ({"id": "a", "value": 1, "row": True}, "`row` True"),
        ({"id": "a", "value": 1, "row": 2**40}, "`row` 1099511627776"),
        ({"id": "a", "value": 1, "key": 5}, "`key` 5 is not a name"),
        ({"id": "a", "value": 1, "rwo": 1}, "unknown field 'rwo'; did you mean 'row'"),
        ({"id": "a", "label": 1}, "unknown field 'label'; the label itself is the field `value`"),
        ({"id": "a", "valeu": 1}, "unknown field 'valeu'; did you mean 'value'"),
        ({"id": "a", "value": 1, "labelled_at": "soon"}, "`labelled_at` 'soon' is not a time"),
        ({"id": "a", "value": float("nan")}, "is not a finite number"),
        ({"id": "a", "value": float("-inf")}, "is not a finite number"),
        ({"id": "a", "value": {"price": float("nan")}}, "cannot be written as JSON"),
        ({"id": "a", "value": [float("nan"), 1]}, "cannot be written as JSON"),
        ({"id": "a", "value": [None]}, "label [None] has no value"),
        ({"id": "a", "value": [[None]]}, "label [[None]] has no value"),
        *(
            ({"id": "a", "value": text}, "is a missing value; leave it out")
            for text in ("", " ", "\u00a0", "nan", "NaN", "-nan", "NaT", "<NA>", ["nan"])
        ),
    ],
)
def test_an_invalid_label_is_rejected_with_its_position(label, reason):
    good = {"id": "a", "value": 1}
    entries = labels_in(json.dumps([good, label, good]).encode(), "application/json")
    assert [entry == A for entry in entries] == [True, False, True]
    assert entries[1].index == 1 and reason in entries[1].reason
