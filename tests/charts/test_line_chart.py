"""Line charts: lines, bands, thresholds and marks."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pytest

from modeltap.charts.line_chart import Line, LineChart, Point, ShadedSpan, StripCell, line_chart
from modeltap.charts.time_marks import Mark

SVG = "{http://www.w3.org/2000/svg}"


def drawn(lines, **options):
    chart = LineChart("mae", "by day", "minutes", 0.0, 10.0, lines, **options)
    return ElementTree.fromstring(line_chart(chart))


def of_class(picture, name):
    return [node for node in picture.iter() if name in (node.get("class") or "").split()]


def points_of(picture):
    return [point for group in of_class(picture, "points") for point in group]


def test_measured_and_estimated_differ_in_more_than_colour():
    points = [Point(1, 2.0, 1.0, 3.0), Point(5, 4.0, 3.0, 5.0)]
    picture = drawn([Line("a", "measured", points), Line("b", "corrected", points)])
    assert len(of_class(picture, "band")) == 2
    assert {node.tag for node in points_of(picture)} == {f"{SVG}circle", f"{SVG}rect"}


def test_an_alert_is_a_larger_point():
    picture = drawn([Line("a", "measured", [Point(1, 2.0), Point(2, 9.0, alerts=True)])])
    normal, alert = points_of(picture)
    assert float(alert.get("r")) > float(normal.get("r"))


def test_marks_outside_the_period_are_left_out():
    marks = [Mark(5.0, "A", "inside", "/alerts#1"), Mark(50.0, "A", "later")]
    picture = drawn([], marks=marks)
    assert [node.find(f"{SVG}title").text for node in of_class(picture, "mark")] == ["inside"]


@pytest.mark.parametrize("values", [(0.0, 0.0), (-3.0, -3.0), (1e-9, 2e-9), (1e12, 1e12 + 1)])
def test_any_values_are_inside_the_picture(values):
    lines = [Line("a", "measured", [Point(n, value) for n, value in enumerate(values)])]
    picture = drawn(lines, thresholds=[values[0]])
    for node in points_of(picture):
        assert math.isfinite(float(node.get("cy"))) and 0 <= float(node.get("cy")) <= 220


def test_an_interval_of_one_window_is_a_line():
    picture = drawn([Line("a", "measured", [Point(1, 2.0, 1.0, 3.0)])])
    assert not of_class(picture, "band") and len(points_of(picture)) == 1


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_values_that_are_not_finite_are_left_out(bad):
    """Also as ends of an interval, and as a threshold."""
    points = [Point(1, bad), Point(2, 3.0, 1.0, bad), Point(3, 4.0, 3.0, 5.0)]
    picture = drawn([Line("a", "measured", points)], thresholds=[bad])
    assert len(points_of(picture)) == 2 and not of_class(picture, "threshold")
    texts = [value for node in picture.iter() for value in node.attrib.values()]
    assert not [value for value in texts if value in ("nan", "inf", "-inf")]


def test_the_strip_is_as_high_as_its_fractions():
    cells = [StripCell(0.0, 1.0, "first"), StripCell(5.0, 0.25, "second")]
    picture = drawn([], strip=cells, strip_name="labels")
    (strip,) = of_class(picture, "strip")
    full, quarter = [r for r in strip.iter(f"{SVG}rect") if r.get("class") != "track"]
    assert float(full.get("height")) == pytest.approx(4 * float(quarter.get("height")), abs=0.1)
    assert quarter.find(f"{SVG}title").text == "labels, second: 25 %"


def test_neighbours_of_one_height_in_the_strip_are_one():
    cells = [StripCell(float(n), 1.0 if n < 7 else 0.5, f"hour {n}") for n in range(9)]
    (strip,) = of_class(drawn([], strip=cells, strip_name="labels"), "strip")
    full, half = [r for r in strip.iter(f"{SVG}rect") if r.get("class") != "track"]
    assert full.find(f"{SVG}title").text == "labels, hour 0 to hour 6: 100 %"
    assert float(full.get("width")) > 3 * float(half.get("width")) > 0


def test_a_shaded_period_stays_inside():
    picture = drawn([], spans=[ShadedSpan(-50.0, 500.0, "alert")])
    (span,) = of_class(picture, "span")
    right = float(span.get("x")) + float(span.get("width"))
    assert 0 < float(span.get("x")) < right <= float(picture.get("viewBox").split()[2])


def test_several_lines_have_a_legend():
    line = Line("truth", "measured", [Point(1, 2.0)])
    assert not of_class(drawn([line]), "legend-of-lines")
    other = Line("estimate <b>", "estimated", [Point(1, 2.0)])
    (legend,) = of_class(drawn([line, other]), "legend-of-lines")
    assert "".join(legend.itertext()) == "truthestimate <b>"


def test_limits_are_inside_the_axis():
    point = [Point(1, 1.0)]
    near, wide = (
        float(points_of(drawn([Line("a", "measured", point)], limits=limits))[0].get("cy"))
        for limits in ((), (0.0, 1.0))
    )
    assert wide < near  # at the top, not in the middle
