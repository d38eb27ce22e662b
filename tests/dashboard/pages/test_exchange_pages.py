"""The pages of exchanges."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import closing
from pathlib import Path

import pytest

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
    assert words[2:5] == ["-X", "POST", "http://HOST/p%20q?a=1&b"]
    assert json.loads(words[-1]) == {"x": "it's"}


def test_examples_of_an_alert(pages):
    page = pages.get("/alerts").text
    link = re.search(r'href="(/exchanges\?alert=[^"]+)"', page)[1]
    rows = pages.get(link + "&format=json").json()
    assert 1 <= len(rows) <= 20


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("model=nobody", "no model"),
        ("status=lost", "is not valid"),
        ("status=4040", "is not valid"),
        ("since=soon", "is not a valid time"),
        ("until=2024-13-01", "is not a valid time"),
        ("before=-1", "is not the number"),
    ],
)
def test_a_filter_that_is_not_valid_says_so(pages, asked, says):
    answer = pages.get(f"/exchanges?{asked}")
    assert answer.status_code == 404 and says in answer.text


@pytest.mark.parametrize(
    "asked",
    [
        f"before={'9' * 40}",
        "text=%00",
        "text=%ff%fe",
        "prediction=1e999",
        "version=%F0%9F%9B%AB",
        "alert=nothing",
        "alert=any&labelled=1&status=200&path=%25",
    ],
)
def test_any_other_filter_is_a_page(pages, asked):
    assert pages.get(f"/exchanges?{asked}").status_code == 200


def test_examples_of_any_alert(pages):
    rows = pages.get("/exchanges?alert=any&format=json").json()
    assert rows and pages.get("/exchanges?alert=any&until=2001-01-01&format=json").json() == []
    page = pages.get(f"/exchanges/{rows[0]['id']}").text
    assert re.search(r"Example of: <a href=\"/alerts/[^\"]+\">", page)


HUGE = {
    "quotes": '"' * 1_000_000,
    "tags": "<script>" * 130_000,
    "emoji": "🛫" * 300_000,
    "escapes": "\x1b" * 500_000,
    "deep": "[" * 500_000,
    "deep and whole": "[" * 900 + "]" * 900,
    "lines": "\n" * 1_000_000,
    "nul": "a\0b" * 1000,
    "bytes": b"\x00\xff" * 500_000,
    "broken": b"caf\xe9 " * 200_000,
}


@pytest.mark.parametrize("body", HUGE.values(), ids=HUGE)
def test_a_page_is_small_whatever_is_in_it(browse, tmp_path, body):
    """In every column; and all of it is in the JSON."""
    store = tmp_path / "taps.db"
    put(store, every(1, 1), [{"x": 1}])
    with closing(connect(store)) as connection:
        connection.execute(
            "update exchanges set request_body = :b, response_body = :b, path = :t, query = :t, "
            "error_type = :t, error_message = :t, request_headers = :t, stream = :t, route = :t, "
            "request_note = :t, version = :t, trace_id = :t, method = 'POST'",
            {"b": body, "t": body if isinstance(body, str) else "x"},
        )
    client = browse(store)
    for path in ("/exchanges/r0", "/exchanges"):
        page = client.get(path)
        assert page.status_code == 200 and len(page.content) < 500_000, path
    own = client.get("/exchanges/r0?format=json").json()[0]
    assert isinstance(body, bytes) or own["request_body"] == body


def test_text_that_is_not_utf8_is_shown(browse, tmp_path):
    """As another program may have written it."""
    store = tmp_path / "taps.db"
    put(store, every(1, 1), [{"x": 1}])
    with closing(connect(store)) as connection:
        connection.execute("update exchanges set path = cast(x'2fff' as text), method = 'GET'")
    page = browse(store).get("/exchanges/r0")
    assert page.status_code == 200 and "/\ufffd" in page.text
    assert browse(store).get("/exchanges").status_code == 200


def test_a_streamed_conversation(browse, tmp_path):
    """Joined from its stream, with its tokens, cost, time to first token and its trace."""
    Path("modeltap.toml").write_text(
        '[prices."gpt-x"]\ninput = 1\noutput = 2\n'
        '[dashboard]\ntrace_url = "http://jaeger/trace/{trace_id}"\n'
    )
    store = tmp_path / "taps.db"
    asked = {"model": "gpt-x", "messages": [{"role": "user", "content": "<b>Hi?</b>"}]}
    pieces = [{"delta": {"content": "Hel"}}, {"delta": {"content": "lo"}, "finish_reason": "stop"}]
    events = [{"model": "gpt-x", "choices": [piece]} for piece in pieces]
    events[-1]["usage"] = {"prompt_tokens": 1_000_000, "completion_tokens": 500_000}
    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    put(store, every(1, 2), [asked, asked], responses=[text, text])
    with closing(connect(store)) as connection:
        stream = json.dumps({"chunks": 2, "gap_max_ms": 7, "lines": [[120, 2], [300, 4]]})
        connection.execute(
            "update exchanges set path = '/v1/chat/completions', stream = ?, trace_id = 'abc'",
            (stream,),
        )
    client = browse(store)
    page = client.get("/exchanges/r0").text
    assert "&lt;b&gt;Hi?&lt;/b&gt;" in page and "<pre>Hello</pre>" in page
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]*)</dd>", page))
    assert facts["Cost"] == "2" and facts["First token (ms)"] == "120"
    assert facts["Input tokens"] == "1000000" and facts["Ended by"] == "stop"
    assert (
        'href="http://jaeger/trace/abc"' in page
        and "time between two of them: at most 7 ms" in page
    )
    assert 'href="/exchanges/r1"' in page.partition("The same session")[2]
    turns = client.get("/exchanges/r0?table=conversation&format=json").json()
    assert [turn["role"] for turn in turns] == ["user", "assistant"]
    chunks = client.get("/exchanges/r0?table=chunks&format=csv").text
    assert chunks.startswith("ms,lines,text\r\n120,2,")


def test_lone_surrogates_and_infinite_numbers_are_shown(browse, tmp_path):
    """JSON may have halves of characters, and a store numbers that JSON has not."""
    store = tmp_path / "taps.db"
    request = '{"messages": [{"role": "\\ud800", "content": "a\\udfff"}]}'
    put(store, every(1, 1), [{"x": 1}])
    analyze(store, {})
    with closing(connect(store)) as connection:
        connection.execute("update exchanges set request_body = ?, path = '/chat'", (request,))
        connection.execute("update predictions set score = 9e999, prediction = -9e999")
    client = browse(store)
    page = client.get("/exchanges/r0")
    assert page.status_code == 200 and "a\\udfff" in page.text
    for table in ("exchange", "predictions", "conversation"):
        for form in ("csv", "json"):
            answer = client.get(f"/exchanges/r0?table={table}&format={form}")
            assert answer.status_code == 200
            assert form == "csv" or json.loads(answer.text, parse_constant=pytest.fail)
