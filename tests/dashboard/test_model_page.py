"""The page of a model."""

from __future__ import annotations

import html
import json
import math
import re
from contextlib import closing

import pytest

import modeltap
from modeltap.store.connection import connect, writing
from modeltap.store.models import record_model
from stores import put_metric

NAMES = ("a/b", 'o\'clock "x"', "🛫 مرحبا", "..", ".", "?#&", "<b>&amp;", "x" * 300, " ")


def test_pictures_and_the_rows_behind_them(pages):
    page = pages.get("/models/m").text
    assert 'class="chart heat-map"' in page and "alert-dot" in page
    assert "<h3>mae</h3>" in page and 'class="line measured"' in page
    rows = pages.get("/models/m?table=drift&format=json").json()
    assert {row["feature"] for row in rows} == {"amount", "color", "prediction"}


def test_an_alert_leads_to_what_moved(pages):
    page = pages.get("/models/m").text
    link = re.search(r'href="(\?feature=amount&amp;window=[^"#]+)', page)[1]
    detail = pages.get(f"/models/m{html.unescape(link)}").text
    assert 'class="chart bar-chart"' in detail and "amount:" in detail
    assert "window from <time" in detail and "<td>drift</td>" in detail


def test_a_period_is_kept_in_links(pages):
    page = pages.get("/models/m?last=7d").text
    links = re.findall(r'href="(\?feature=[^"]+)"', page)
    assert links and all("last=7d" in link for link in links)


def test_truth_estimates_events_and_slices_are_on_the_page(pages):
    page = pages.get("/models/m").text
    assert 'class="strip"' in page and 'class="mark"' in page and "an alert starts" in page
    events = pages.get("/models/m?table=marks&format=json").json()
    assert {row["mark"][0] for row in events} == {"A", "R"}
    other = re.search(r'href="(/models/m\?metric=[^"]+)"', page)[1]
    assert pages.get(html.unescape(other)).text.count("<h3>") > 1
    assert pages.get("/models/m?metric=nothing").status_code == 404


@pytest.fixture(scope="module")
def strange(tmp_path_factory):
    """A store of models and features with strange names, and values that are not finite."""
    store = tmp_path_factory.mktemp("strange") / "taps.db"
    with closing(connect(store)) as connection, writing(connection):
        for n, name in enumerate(NAMES):
            record_model(connection, name, "")
            own = {"model": name, "explanation": name, "examples": json.dumps([name])}
            put_metric(connection, 0, "drift", feature=name, strength=math.inf, **own)
            put_metric(connection, 0, "mae", value=(math.inf, None, 1e308)[n % 3], **own)
            put_metric(connection, 0, "slice_error", segment=name, value=None, **own)
            put_metric(connection, 0, "mae_difference", segment=name, **own)
            put_metric(connection, 0, "mae", segment=f"{name}=F", value=None, **own)
    return store


def test_a_metric_without_a_value_is_no_link(browse, store):
    """It has no picture that the link could lead to; the verdict says why."""
    with closing(connect(store)) as connection, writing(connection):
        record_model(connection, "m", "")
        put_metric(connection, 0, "drift", feature="x")
        put_metric(connection, 0, "mae", value=2.0)
        put_metric(connection, 0, "roc_auc", value=None, verdict="not_comparable")
    page = browse(store).get("/models/m").text
    assert "roc auc –" in re.sub("<[^>]+>", "", page).replace("\n", " ")
    assert "(not comparable)" in page and "metric=roc_auc" not in page


def test_any_name_of_a_model_and_its_features(browse, strange):
    """Leads from the first page to its own, and to its feature, and is only text there."""
    client = browse(strange)
    links = re.findall(r'<h2><a href="([^"]+)"', client.get("/").text)
    assert len(links) == len(NAMES)
    for link in map(html.unescape, links):
        page = client.get(link).text
        assert 'class="chart heat-map"' in page and "<b>&amp;" not in page
        cell = html.unescape(re.search(r'<a href="([^"]+)" tabindex="-1"><img', page)[1])
        own = link.partition("?")[0]
        there = client.get(f"{own}{cell}?1,1").headers["location"]
        assert 'id="feature"' in client.get(there).text


def test_values_of_json_are_finite(browse, strange):
    page = browse(strange).get("/models/a%2Fb?table=mae&format=json")
    (row,) = json.loads(page.text, parse_constant=pytest.fail)
    assert row["metric"] == "mae" and row["value"] is None


def test_a_model_without_an_analysis_says_what_to_do(browse, store):
    """The first page that a newcomer opens, before the first window is evaluated."""
    modeltap.capture(model="new", request={"x": 1}, response=2, store=store, analyze=False)
    assert modeltap.flush(60)
    page = browse(store).get("/models/new")
    assert page.status_code == 404 and "no window of model" in page.text
