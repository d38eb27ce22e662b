"""Rows of metrics: finite numbers or none."""

from __future__ import annotations

import pytest

from modeltap.analysis.model.metric import finite


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_json_cannot_represent_are_none(value):
    """NaN and the infinities."""
    assert finite(value) is None
