"""Addresses of pages: any name survives the way there and back."""

from __future__ import annotations

from contextlib import closing

import pytest
from starlette.requests import Request

from modeltap.dashboard.asked import Pages, model_asked
from modeltap.store.connection import connect_reader
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


def test_a_page_without_a_version_is_that_of_the_newest_rows(browse, tmp_path):
    """By name, version 9 would come after version 10."""
    store = tmp_path / "taps.db"
    for number, version in enumerate(("10", "9", "8@x")):
        moments = every(1, 150, first=-300 * number)
        rows = [{"x": n % 7} for n in range(150)]
        put(store, moments, rows, version=version, prefix=f"{number}-")
    analyze(store, {"per_version": True})
    with closing(connect_reader(store)) as connection:
        scope = {"type": "http", "path_params": {"model": "m"}, "query_string": b"", "headers": []}
        assert model_asked(connection, Request(scope)) == ModelVersion("m", "10")
