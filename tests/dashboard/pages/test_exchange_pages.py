"""The pages of exchanges."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import closing

from modeltap.store.connection import connect
from stores import analyze, every, put


def test_the_filter_is_the_address(pages):
    page = pages.get("/exchanges?text=row-17&labelled=1").text
    assert 'value="row-17"' in page and " checked>" in page
    older = re.search(r'href="(/exchanges\?[^"]*before=\d+)"', pages.get("/exchanges").text)[1]
    assert pages.get(older.replace("&amp;", "&")).status_code == 200


def test_one_exchange_in_full(browse, tmp_path):
    """Its bodies, prediction and label; the neighbours; and a command that a shell reads alike."""
    store = tmp_path / "taps.db"
    put(store, every(1, 3), [{"x": "it's"}, {"x": "<script>"}, {"x": 2}])
    analyze(store, {})
    with closing(connect(store)) as connection:
        connection.execute("update exchanges set method = 'POST', path = '/p q', query = 'a=1&b'")
    client = browse(store)
    page = client.get("/exchanges/r1").text
    assert "&lt;script&gt;" in page and "<script>" not in page.replace("<script src", "")
    assert 'href="/exchanges/r0" rel="prev"' in page and 'href="/exchanges/r2" rel="next"' in page
    page = client.get("/exchanges/r0").text
    command = re.search(r"<pre[^>]*>(curl .*?)</pre>", page, re.DOTALL)[1]
    words = shlex.split(command.replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&"))
    assert words[:4] == ["curl", "-X", "POST", "http://HOST/p q?a=1&b"]
    assert json.loads(words[-1]) == {"x": "it's"}


def test_examples_of_an_alert(pages):
    page = pages.get("/alerts").text
    link = re.search(r'href="(/exchanges\?alert=[^"]+)"', page)[1]
    rows = pages.get(link + "&format=json").json()
    assert 1 <= len(rows) <= 20
