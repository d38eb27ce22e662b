"""Bar charts: pairs of bars with their fractions."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from modeltap.charts.bar_chart import BarPair, bar_chart

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_fractions():
    pairs = [BarPair("a", 0.1, 0.4), BarPair("b", 0.2, 0.0)]
    picture = ElementTree.fromstring(bar_chart("x", "", pairs))
    widths = [float(bar.get("width")) for bar in picture.iter(f"{SVG}rect")]
    assert [round(width / max(widths), 2) for width in widths] == [0.25, 1.0, 0.5, 0.0]


def test_no_bins_and_no_rows():
    assert "<svg" in bar_chart("x", "", [])
    assert "0 %" in bar_chart("x", "", [BarPair("a", 0.0, 0.0)])
