"""The page of a model."""

from __future__ import annotations

import re


def test_pictures_and_the_rows_behind_them(pages):
    page = pages.get("/models/m").text
    assert 'class="chart heat-map"' in page and "alert-dot" in page
    assert "<h3>mae</h3>" in page and 'class="line measured"' in page
    rows = pages.get("/models/m?table=drift&format=json").json()
    assert {row["feature"] for row in rows} == {"amount", "color", "prediction"}


def test_a_click_shows_what_moved(pages):
    page = pages.get("/models/m").text
    link = re.search(r'href="(/models/m\?feature=amount&amp;window=[^"#]+)', page)[1]
    detail = pages.get(link.replace("&amp;", "&")).text
    assert 'class="chart bar-chart"' in detail and "amount:" in detail
    assert "window from <time" in detail and "<td>drift</td>" in detail


def test_a_period_is_kept_in_links(pages):
    page = pages.get("/models/m?last=7d").text
    assert "last=7d" in re.search(r'href="(/models/m\?feature=[^"]+)"', page)[1]
