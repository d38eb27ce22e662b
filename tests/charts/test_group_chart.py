"""Group charts: small groups are grey and say why."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pytest

from modeltap.charts.group_chart import GroupValue, group_chart


def of_class(groups, name):
    picture = ElementTree.fromstring(group_chart("t", "d", groups))
    return [node for node in picture.iter() if name in (node.get("class") or "").split()]


def test_a_small_group_has_a_note_and_no_point():
    groups = [GroupValue("a", 900, 0.5, 0.4, 0.6), GroupValue("b<", 9, None, note="too few rows")]
    (small,) = of_class(groups, "too-small")
    assert "too few rows" in "".join(small.itertext()) and "9 rows" in "".join(small.itertext())
    assert len(of_class(groups, "point")) == 1
    large, smaller = (float(bar.get("width")) for bar in of_class(groups, "size"))
    assert large > smaller


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e308, 0.0, -5.0])
def test_any_value(value):
    (drawn,) = [of_class([GroupValue("a", 0, value, value, value)], "size")]
    assert len(drawn) == 1
    text = group_chart("t", "d", [GroupValue("a", 0, value, value, value)])
    assert 'cx="nan"' not in text and 'cx="inf"' not in text


def test_no_groups():
    assert of_class([], "point") == []
