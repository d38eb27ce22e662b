"""Addresses of pages: any name survives the way there and back."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from modeltap.dashboard.asked import Pages
from modeltap.store.models import ModelVersion
from stores import analyze, every, put

NAMES = [
    "a/b",
    "a?b#c",
    "a b+c",
    "100%",
    "..",
    "🛫 'quoted' \"twice\"",
    "a&b=c",
    "<script>",
    "two\nlines",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_model_has_a_page(browse, tmp_path, name):
    store = tmp_path / "taps.db"
    put(store, every(1, 150), [{"x": n % 7} for n in range(150)], model=name)
    analyze(store, {})
    client = browse(store)
    path = Pages().model(ModelVersion(name, ""))
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert client.get("/").status_code == 200
    assert path.replace("&", "&amp;") in client.get("/").text
    assert "<script>" not in answer.text.replace('<script src="/static', "")


def test_addresses_begin_where_the_dashboard_is_mounted():
    request = Request(
        {"type": "http", "root_path": "/modeltap", "headers": [], "query_string": b""}
    )
    assert Pages.of(request).path("alerts", model="m", state="") == "/modeltap/alerts?model=m"
