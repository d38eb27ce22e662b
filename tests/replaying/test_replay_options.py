"""Options of a replay: wrong values are refused in one line that names the value."""

from __future__ import annotations

import math

import pytest

from modeltap.errors import InputError
from modeltap.replaying.replay_options import ReplayOptions


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", "n" * 300),
        ("rate", 0),
        ("rate", -1.0),
        ("rate", math.nan),
        ("concurrency", 0),
        ("concurrency", 101),
        ("limit", 0),
        ("limit", -5),
        ("timeout_seconds", 0),
        ("timeout_seconds", math.nan),
        ("since", "yesterday"),
        ("since", ""),
        ("headers", {"bad name": "x"}),
        ("headers", {"": "x"}),
        ("headers", {"x": "a\r\nb: c"}),
        ("headers", {"x": "a\0"}),
    ],
)
def test_a_wrong_value_is_refused(option, value):
    with pytest.raises(InputError) as error:
        ReplayOptions(**{option: value})
    assert " valid" in str(error.value) and "\n" not in str(error.value)


def test_the_first_time_is_that_of_the_store():
    assert ReplayOptions().first_time == ""
    assert ReplayOptions(since="2024-01-02 03:00").first_time == "2024-01-02T03:00:00.000Z"
