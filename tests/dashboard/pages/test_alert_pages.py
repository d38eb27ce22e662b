"""The page of alerts."""

from __future__ import annotations

import re


def test_open_alerts_are_first_and_link_to_their_charts(pages):
    page = pages.get("/alerts?model=m").text
    states = re.findall(r'<span class="state (\w+)">', page)
    assert states == sorted(states, key=lambda state: state == "resolved")
    chart = re.search(r'href="(/models/m[^"#]*)[^"]*">Chart', page)[1]
    assert pages.get(chart.replace("&amp;", "&")).status_code == 200
    assert "<h2>Timeline</h2>" in page
