"""A click on the heat map, which the server turns into a window."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from modeltap.dashboard.asked import window_meant, window_text


@pytest.fixture(scope="module")
def rows(request):
    """Return the addresses of the rows of a model's page, by feature."""

    def of(client, page):
        links = re.findall(r'<a href="([^"]+)" tabindex="-1"><img', client.get(page).text)
        return {parse_qs(urlsplit(html.unescape(link)).query)["feature"][0]: link for link in links}

    return of


@pytest.mark.parametrize("period", ["", "last=24h"])
def test_each_cell_leads_to_its_worst_window(pages, rows, period):
    """Of the same rows that the table behind the map has; the period stays in the address."""
    cells = pages.get(f"/models/m?table=drift&format=json&{period}").json()
    link = html.unescape(rows(pages, f"/models/m?{period}")["amount"])
    width = int(link.rpartition(",")[2])
    own = [cell for cell in cells if cell["feature"] == "amount"]
    assert len(own) > 10
    for cell in own:
        answer = pages.get(f"/models/m{link}?{cell['column'] * width + width - 1},9")
        assert answer.status_code == 303
        to = parse_qs(urlsplit(answer.headers["location"]).query)
        assert window_meant(to["window"][0]) == cell["window_start"]
        assert to["feature"] == ["amount"] and to.get("last") == ([period[5:]] if period else None)
    page = pages.get(answer.headers["location"]).text
    assert 'id="feature"' in page and "has no results in the window" not in page


def test_a_click_before_1970(pages):
    """Rows may have any time."""
    answer = pages.get("/models/m?feature=amount&cell=-172800,-86400.5,24,40?3,3")
    assert parse_qs(urlsplit(answer.headers["location"]).query)["window"] == ["1969-12-30T00:00"]


def test_an_empty_cell_leads_to_the_last_window(pages):
    """Such as one that was pruned since the page was drawn: the page says so."""
    answer = pages.get("/models/m?feature=amount&cell=0,86400,24,40?3,3")
    page = pages.get(answer.headers["location"]).text
    assert "has no results in the window" in page and 'id="feature"' in page


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "x",
        "0,86400,24,40",
        "0,86400,24,40?",
        "0,86400,24,40?3",
        "0,86400,24,40?-3,3",
        "0,86400,24,40?3.5,3",
        "0,86400,24,40?nan,3",
        "0,86400,0,40?3,3",
        "0,86400,24,0?3,3",
        "86400,0,24,40?3,3",
        "5,5,24,40?3,3",
        "-5,-5,24,40?3,3",
        "--5,5,24,40?3,3",
        "-99999999999,5,24,40?3,3",
        "0,1e9,24,40?3,3",
        "0,99999999999999999999,24,40?3,3",
        "0,86400,99999,40?3,3",
        "0,86400,24,40?99999999999999999,3",
        "٠,٨٦٤٠٠,٢٤,٤٠?٣,٣",
        "<script>",
        "0,86400,24,40?3,3\n",
    ],
)
def test_another_cell_is_refused(pages, cell):
    answer = pages.get("/models/m", params={"feature": "amount", "cell": cell})
    assert answer.status_code == 404 and "name a window instead" in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("feature", ["", "nobody", "a'b\"<i>"])
def test_a_click_on_no_feature(pages, feature):
    """It leads to the page, which shows no feature or names the unknown one."""
    answer = pages.get("/models/m", params={"feature": feature, "cell": "0,86400,24,40?3,3"})
    there = pages.get(answer.headers["location"])
    assert there.status_code == (404 if feature else 200) and "<i>" not in there.text


@pytest.mark.parametrize("start", ["2026-05-01T08:00:00.000Z", "2026-05-01T08:00:12.500Z"])
def test_a_window_in_an_address(start):
    assert window_meant(window_text(start)) == start
    assert window_meant("2026-05-01") == "2026-05-01T00:00:00.000Z"
