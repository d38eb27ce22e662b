"""Shapes of messages: equal for messages that differ in values only."""

from __future__ import annotations

import pytest

from modeltap.analysis.failures.message_shapes import path_shape, shape_of


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("no row 17 in table 'orders'", "no row 4 in table 'items'"),
        ("timeout after 30.5 s at 10:42:01", "timeout after 2 s at 09:00:59"),
        (
            "user 123e4567-e89b-12d3-a456-426614174000 unknown",
            "user 00000000-0000-0000-0000-000000000001 unknown",
        ),
        ("trace 4bf92f3577b34da6", "trace 00f067aa0ba902b7"),
        (
            "X has 3 features, but LogReg is expecting 4",
            "X has 12 features, but LogReg is expecting 4",
        ),
        ("shape (1, 3) is invalid", "shape (1, 3, 9, 27) is invalid"),
        ("since 2024-01-02T03:04:05Z", "since 2023-12-31"),
        ('bad "a b"', 'bad "c"'),
        ("mail a.b@c.example", "mail x@y.example"),
        ("at 0xffff00", "at 0x7f"),
        ("-1.5e-7 is negative", "-20 is negative"),
    ],
)
def test_messages_that_differ_in_values_have_one_shape(first, second):
    assert shape_of(first) == shape_of(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("no such user", "no such model"), ("can't read", "can't write"), ("v1 failed", "v2 failed")],
)
def test_other_messages_differ(first, second):
    assert shape_of(first) != shape_of(second)


def test_only_the_first_line_counts_and_it_is_cut():
    assert shape_of("  failed\n  File a.py, line 3") == "failed"
    assert len(shape_of("word " * 1000)) == 300
    assert shape_of("") == ""


def test_paths():
    assert (
        path_shape("/v2/models/iris/versions/3/infer") == "/v2/models/iris/versions/[number]/infer"
    )
