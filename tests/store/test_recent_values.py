"""A metric in the last windows, for sparklines."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect
from modeltap.store.models import ModelVersion
from modeltap.store.recent_values import recent_values
from stores import put_metric

OF = ModelVersion("m", "")
END = "2024-01-01T04:00:00.000Z"


@pytest.fixture
def filled(tmp_path):
    with closing(connect(tmp_path / "taps.db")) as connection:
        for hour in range(4):
            put_metric(connection, hour, "drift", feature="x")
        yield connection


def test_the_last_windows_are_in_order_of_time(filled):
    until = "2024-01-01T03:00:00.000Z"
    assert recent_values(filled, OF, "drift", until, 2) == {("x", None): [1.0, 2.0]}
    assert recent_values(filled, OF, "nothing", END, 9) == {}
    assert recent_values(filled, ModelVersion("other", ""), "drift", END, 9) == {}


def test_a_window_without_a_value_has_its_place(filled):
    put_metric(filled, 0, "drift", feature="late", value=0.1)
    put_metric(filled, 2, "drift", feature="late", value=None)
    put_metric(filled, 1, "tpr", segment="sex=F")
    values = recent_values(filled, OF, "drift", END, 9)
    assert values == {("x", None): [0.0, 1.0, 2.0, 3.0], ("late", None): [0.1, None, None, None]}
    assert recent_values(filled, OF, "tpr", END, 9) == {(None, "sex=F"): [1.0]}
