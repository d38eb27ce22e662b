"""Numbers that replace erased ones: on the given side, and before the neighbour."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from modeltap.erasing.blurring import moved, outside

numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(numbers, numbers)
def test_it_lies_between(value, neighbour):
    new = moved(value, neighbour)
    if new is not None:
        assert min(value, neighbour) < new < max(value, neighbour)
        assert abs(new - value) <= abs(neighbour - new)


@given(numbers, st.sampled_from([math.inf, -math.inf]))
def test_an_end_moves_outwards(value, side):
    new = outside(value, side)
    assert new >= value if side > 0 else new <= value
    assert new != value or abs(value) > 1e300 or abs(value) < 1e-300


def test_neighbours_leave_no_room():
    assert moved(1.0, math.nextafter(1.0, 2.0)) is None
