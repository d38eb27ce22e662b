"""What an exchange had masked."""

from __future__ import annotations

from modeltap.privacy.masked_values import MaskedValues
from modeltap.privacy.masker import Masker


def test_an_exception_that_quotes_a_masked_value_does_not_have_it():
    """In whatever body it was; the next exchange has nothing of it."""
    one = Masker()
    one.begin()
    one.body(b'{"user": {"password": "hunter2", "codes": {"pins": ["qz\\"7f"]}}}', "")
    assert (
        one.error_message("no user 'hunter2' with 'qz\"7f'") == "no user '[masked]' with '[masked]'"
    )
    one.begin()
    assert one.error_message("no user 'hunter2'") == "no user 'hunter2'"
    assert one.error_message("wrong password hunter2") is None


def test_a_value_in_the_query_counts_and_one_that_is_dropped():
    one = Masker(how="drop")
    one.begin()
    one.query("token=qz7f3a")
    one.body(b'{"pin": "4711"}', "")
    assert one.error_message("no qz7f3a, no 4711") == "no [masked], no [masked]"


def test_short_values_are_words():
    before = MaskedValues()
    before.add(["abc", True, None])
    assert before.replaced_in("abc True None", "*") == "abc True None"


def test_a_text_about_more_values_than_are_remembered_is_replaced_whole():
    before = MaskedValues()
    before.add([f"value{number}" for number in range(2000)])
    assert before.replaced_in("no such user: value1999", "***") == "***"
    before.forget()
    assert before.replaced_in("a text", "***") == "a text"


def test_what_was_only_looked_at_was_not_masked():
    one = Masker()
    one.begin()
    assert (one.path("/predict"), one.line("text/plain"), one.header("a", "words")) == (
        "/predict",
        "text/plain",
        "words",
    )
    assert one.error_message("no words at /predict in text/plain") == (
        "no words at /predict in text/plain"
    )
