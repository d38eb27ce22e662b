"""Masked values of an exchange."""

from __future__ import annotations

from modeltap.privacy.masked_values import MaskedValues
from modeltap.privacy.masker import Masker


def test_a_masked_value_is_masked_in_an_exception_that_quotes_it():
    """From any body; the values are cleared for the next exchange."""
    masker = Masker()
    masker.begin()
    masker.body(b'{"user": {"password": "hunter2", "codes": {"pins": ["qz\\"7f"]}}}', "")
    assert (
        masker.error_message("no user 'hunter2' with 'qz\"7f'")
        == "no user '[masked]' with '[masked]'"
    )
    masker.begin()
    assert masker.error_message("no user 'hunter2'") == "no user 'hunter2'"
    assert masker.error_message("wrong password hunter2") is None


def test_values_in_the_query_and_dropped_values_count():
    masker = Masker(how="drop")
    masker.begin()
    masker.query("token=qz7f3a")
    masker.body(b'{"pin": "4711"}', "")
    assert masker.error_message("no qz7f3a, no 4711") == "no [masked], no [masked]"


def test_short_values_are_ignored():
    before = MaskedValues()
    before.add(["abc", True, None])
    assert before.replaced_in("abc True None", "*") == "abc True None"


def test_a_text_is_replaced_if_there_are_too_many_values():
    before = MaskedValues()
    before.add([f"value{number}" for number in range(2000)])
    assert before.replaced_in("no such user: value1999", "***") == "***"
    before.forget()
    assert before.replaced_in("a text", "***") == "a text"


def test_values_that_were_only_checked_are_not_masked():
    masker = Masker()
    masker.begin()
    assert (masker.path("/predict"), masker.line("text/plain"), masker.header("a", "words")) == (
        "/predict",
        "text/plain",
        "words",
    )
    assert masker.error_message("no words at /predict in text/plain") == (
        "no words at /predict in text/plain"
    )
