"""The app: what is asked for wrongly, and stores that cannot be read."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from modeltap.store.connection import connect
from stores import copied

OWN = {"origin": "http://127.0.0.1:8400"}


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/models/nobody", 404, "no model"),
        ("/models/m?version=9", 404, "has no version"),
        ("/models/m?feature=nobody", 404, "no results of a feature"),
        ("/models/m?last=soon", 404, "not a valid duration"),
        ("/exchanges/nobody", 404, "no exchange"),
        ("/exchanges?before=x", 404, "is not the number"),
        ("/alerts?model=nobody", 404, "no model"),
        ("/nothing", 404, "no such page"),
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(pages, path, status, says):
    answer = pages.get(path)
    assert answer.status_code == status and says in answer.text and "All models" in answer.text


def test_an_empty_store_says_what_to_do(browse, tmp_path):
    connect(tmp_path / "taps.db").close()
    client = browse(tmp_path / "taps.db")
    assert "modeltap analyze" in client.get("/").text
    for path in ("/alerts", "/exchanges", "/health"):
        assert client.get(path).status_code == 200


def test_a_missing_damaged_or_newer_store_says_so(browse, tmp_path):
    assert browse(tmp_path / "none.db").get("/").status_code == 503
    (tmp_path / "text.db").write_text("not a database, but a text of some length" * 100)
    answer = browse(tmp_path / "text.db").get("/")
    assert answer.status_code == 503 and "text.db" in answer.text
    connect(tmp_path / "newer.db").close()
    with sqlite3.connect(tmp_path / "newer.db") as connection:
        connection.execute("pragma user_version = 999")
    connection.close()
    answer = browse(tmp_path / "newer.db").get("/")
    assert answer.status_code == 503 and "newer" in answer.text


def damaged(store, *tables):
    """Overwrite the first page of each of these tables, and of its indexes."""
    with closing(sqlite3.connect(store)) as connection:
        (size,) = connection.execute("pragma page_size").fetchone()
        roots = connection.execute("select tbl_name, rootpage from sqlite_master").fetchall()
    with store.open("r+b") as file:
        for table, root in roots:
            if table in tables:
                file.seek((root - 1) * size)
                file.write(b"\xff" * size)


@pytest.mark.parametrize(
    "path", ["/", "/models/m", "/exchanges", "/alerts", "/health", "/metrics", "/review?model=m"]
)
def test_a_store_that_is_damaged_inside_says_so(browse, files, tmp_path, path):
    """It can be opened; its first read fails."""
    store = copied(files / "cli.db", tmp_path / "taps.db")
    damaged(store, "metrics", "exchanges", "alerts", "predictions", "models")
    answer = browse(store).get(path)
    assert answer.status_code == 503
    assert "taps.db" in answer.text and "malformed" in answer.text


def test_a_form_about_a_damaged_store_says_so(pages, browse, files, tmp_path):
    page = pages.get("/alerts").text
    alert = page.partition('action="/alerts/')[2].partition('"')[0]
    store = copied(files / "cli.db", tmp_path / "taps.db")
    client = browse(store)
    token = client.get("/alerts").text.partition('name="form_token" value="')[2][:64]
    damaged(store, "alerts")
    fields = {"action": "note", "note": "seen", "form_token": token}
    answer = client.post(f"/alerts/{alert}", data=fields, headers=OWN)
    assert answer.status_code == 503 and "malformed" in answer.text


def test_every_table_of_every_page_has_its_data(pages):
    for path in ("/", "/models/m", "/models/m?feature=amount", "/exchanges", "/alerts", "/health"):
        page = pages.get(path)
        assert page.status_code == 200 and len(page.content) < 500_000
        for form in ("csv", "json"):
            answer = pages.get(path, params={"format": form})
            assert answer.status_code == 200 and form in answer.headers["content-type"]


def test_forms_change_alerts(pages, files):
    """Acknowledged, silenced and annotated by its own form, as by the commands."""
    page = pages.get("/alerts").text
    token = page.partition('name="form_token" value="')[2][:64]
    alert = page.partition('action="/alerts/')[2].partition('"')[0]
    for fields in (
        {"action": "acknowledge", "note": "seen"},
        {"action": "silence", "for": "2h"},
        {"action": "note", "note": "<b>call Ann</b>"},
    ):
        answer = pages.post(f"/alerts/{alert}", data={**fields, "form_token": token}, headers=OWN)
        assert answer.status_code == 303 and answer.headers["location"] == f"/alerts#{alert}"
    shown = pages.get("/alerts").text
    assert "acknowledged" in shown and "silenced until" in shown
    assert "&lt;b&gt;call Ann" in shown
    for fields, says in (
        ({"action": "delete"}, "unknown action"),
        ({"action": "silence", "for": "long"}, "not a valid duration"),
        ({"action": "note", "note": " "}, "the note is empty"),
    ):
        answer = pages.post(f"/alerts/{alert}", data={**fields, "form_token": token}, headers=OWN)
        assert answer.status_code == 404 and says in answer.text
    answer = pages.post(
        "/alerts/nobody", data={"action": "acknowledge", "form_token": token}, headers=OWN
    )
    assert answer.status_code == 404


def test_a_long_form_is_refused(pages):
    answer = pages.post("/alerts/x", data={"note": "x" * 20_000}, headers=OWN)
    assert answer.status_code == 413
