"""Marks that replace masked values, and what they reveal."""

from __future__ import annotations

import re

from modeltap.privacy.marks import MASK, Marks


def test_hashes_are_equal_for_equal_values_with_the_same_key_only():
    keyed, other = Marks("hash", "key"), Marks("hash", "other key")
    assert keyed.mark("a") == keyed.mark("a") != keyed.mark("b")
    assert keyed.mark("a") != other.mark("a")
    assert re.fullmatch(r"\[hash:[0-9a-f]{16}\]", keyed.mark("a"))


def test_documents_are_hashed_independently_of_their_order():
    marks = Marks("hash", "key")
    assert marks.mark({"a": 1, "b": 2}) == marks.mark({"b": 2, "a": 1})
    assert marks.mark(1) != marks.mark(True)


def test_values_that_utf8_cannot_encode_are_hashed_too():
    assert Marks("hash", "key").mark("\ud800") != Marks("hash", "key").mark("\ud801")


def test_dropping_leaves_a_mark_where_a_value_is_required():
    drop = Marks("drop")
    assert drop.drops and drop.replacement("secret") is None
    assert drop.mark("secret") == MASK
    assert not Marks().drops and Marks().replacement("secret") == MASK
