"""Columns of times: read and written many at once as each by itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modeltap import clock
from modeltap.decoding.times import parse_times, write_times

moment = st.one_of(
    st.none(),
    st.sampled_from(
        ["soon", "0001-01-01T00:00:00+01:00", -1e11, 10**400, "9999-12-31T00:00:00.000Z"]
    ),
    st.floats(),
    st.booleans(),
    st.datetimes().map(str),
    st.floats(clock.EARLIEST, clock.LATEST).map(clock.iso),
    st.from_regex(r"\A\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d\.\d{3}Z\Z"),
    st.sampled_from(
        [
            "2023-02-29T00:00:00.000Z",
            "2024-02-29T23:59:59.999Z",
            "0000-01-01T00:00:00.000Z",
            "0001-01-01T00:00:00.000Z",
            "2024-01-01T00:00:00,000Z",
            "2024-01-01T00:00:00.00éZ",
        ]
    ),
)


@given(st.one_of(st.lists(moment, max_size=5), moment.map(lambda text: [text])))
def test_columns_of_times_are_read_as_each_by_itself(texts):
    """Results are equal to the bit, and invalid times are None."""
    expected = [clock.parse(text) for text in texts]
    read = [None if time != time else time for time in parse_times(texts).tolist()]
    assert read == expected
    assert all(clock.iso(time) for time in read if time is not None)


@given(st.lists(st.floats(clock.EARLIEST, clock.LATEST), max_size=5))
def test_columns_of_times_are_written_as_each_by_itself(seconds):
    """With their milliseconds, and NaN as none."""
    written = write_times(np.array([*seconds, np.nan]))
    assert written == [*map(clock.iso, seconds), None]
