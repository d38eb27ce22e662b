"""Line charts: lines, bands, thresholds and marks."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pytest

from modeltap.charts.line_chart import Line, LineChart, Mark, Point, line_chart

SVG = "{http://www.w3.org/2000/svg}"


def drawn(lines, **options):
    chart = LineChart("mae", "by day", "minutes", 0.0, 10.0, lines, **options)
    return ElementTree.fromstring(line_chart(chart))


def of_class(picture, name):
    return [node for node in picture.iter() if name in (node.get("class") or "").split()]


def test_measured_and_estimated_differ_in_more_than_colour():
    points = [Point(1, 2.0, 1.0, 3.0), Point(5, 4.0, 3.0, 5.0)]
    picture = drawn([Line("a", "measured", points), Line("b", "corrected", points)])
    assert len(of_class(picture, "band")) == 2
    assert {node.tag for node in of_class(picture, "point")} == {f"{SVG}circle", f"{SVG}rect"}


def test_an_alert_is_a_larger_point():
    picture = drawn([Line("a", "measured", [Point(1, 2.0), Point(2, 9.0, alerts=True)])])
    normal, alert = of_class(picture, "point")
    assert float(alert.get("r")) > float(normal.get("r"))


def test_marks_outside_the_period_are_left_out():
    marks = [Mark(5.0, "A", "inside", "/alerts#1"), Mark(50.0, "A", "later")]
    picture = drawn([], marks=marks)
    assert [node.find(f"{SVG}title").text for node in of_class(picture, "mark")] == ["inside"]


@pytest.mark.parametrize("values", [(0.0, 0.0), (-3.0, -3.0), (1e-9, 2e-9), (1e12, 1e12 + 1)])
def test_any_values_are_inside_the_picture(values):
    lines = [Line("a", "measured", [Point(n, value) for n, value in enumerate(values)])]
    picture = drawn(lines, thresholds=[values[0]])
    for node in of_class(picture, "point"):
        assert math.isfinite(float(node.get("cy"))) and 0 <= float(node.get("cy")) <= 220


def test_an_interval_of_one_window_is_a_line():
    picture = drawn([Line("a", "measured", [Point(1, 2.0, 1.0, 3.0)])])
    assert not of_class(picture, "band") and len(of_class(picture, "point")) == 1
