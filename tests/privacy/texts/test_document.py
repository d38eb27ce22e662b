"""Masking of JSON documents."""

from __future__ import annotations

import pytest

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import MASK, Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.sensitive.values import SensitiveValues
from modeltap.privacy.texts.document import DocumentMasker


def masker(values=(), how="mark", inside=lambda text, under: text):
    return DocumentMasker(
        SensitiveNames(), SensitiveValues(values), Marks(how), Budget(10_000), inside
    )


@pytest.mark.parametrize(
    ("document", "kept"),
    [
        ({"card": {"number": 1, "type": 2}}, {"card": {"number": MASK, "type": 2}}),
        ({"cards": [{"number": 1}]}, {"cards": [{"number": MASK}]}),
        ({"account": {"key": "x", "id": 1}}, {"account": {"key": MASK, "id": 1}}),
        ({"phone": {"number": 1}}, {"phone": {"number": 1}}),
        (
            {"session_duration": 35, "token_count": [1, 2]},
            {"session_duration": 35, "token_count": [1, 2]},
        ),
        ({"session_duration": "x"}, {"session_duration": MASK}),
        ({"pin": 7, "otp": "7"}, {"pin": 7, "otp": MASK}),
        ({"pass": {"grade": "b"}, "pin": ["1"]}, {"pass": {"grade": "b"}, "pin": MASK}),
    ],
)
def test_fields_are_masked_by_their_names_and_the_names_above(document, kept):
    document_masker = masker()
    before = repr(document)
    assert document_masker.masked(document) == kept
    assert document_masker.changed == (before != repr(kept))


def test_the_order_of_fields_is_kept_if_a_name_is_masked_by_format():
    kept = masker(values=["email"]).masked({"a": 1, "b@c.org": 2, "d": 3})
    assert list(kept.items()) == [("a", 1), (MASK, 2), ("d", 3)]


def test_texts_are_passed_to_the_masker_of_nested_texts():
    document_masker = masker(inside=lambda text, under: text.upper())
    assert document_masker.masked(["text", "x", 1]) == ["TEXT", "x", 1] and document_masker.changed
    assert masker(how="drop").masked({"token": 1, "a": "b"}) == {"a": "b"}
