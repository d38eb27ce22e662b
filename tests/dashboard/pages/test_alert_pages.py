"""The page of alerts."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing

import pytest

from modeltap.notify import outbox
from modeltap.store.connection import connect, writing
from modeltap.store.deliveries import claim_message

OWN = {"origin": "http://127.0.0.1:8400"}


def test_open_alerts_are_first_and_link_to_their_charts(pages):
    page = pages.get("/alerts?model=m").text
    states = re.findall(r'<span class="state (\w+)">', page)
    assert states == sorted(states, key=lambda state: state == "resolved")
    chart = re.search(r'href="(/models/m[^"#]*)[^"]*">Chart', page)[1]
    assert pages.get(chart.replace("&amp;", "&")).status_code == 200
    assert 'class="chart timeline-chart"' in page and '<h2 id="changes">' in page
    assert len(page) < 500_000


@pytest.fixture
def own(browse, files, tmp_path):
    """A copy of the store with drift, a client of it, and an alert of a feature."""
    store = tmp_path / "own.db"
    with (
        closing(sqlite3.connect(files / "cli.db")) as source,
        closing(sqlite3.connect(store)) as to,
    ):
        source.backup(to)
        (alert,) = to.execute(
            "select id from alerts where feature = 'amount' and examples is not null limit 1"
        ).fetchone()
    return store, browse(store), alert


def attempt(store, alert, outcome):
    """Enqueue a message about an alert and record the outcome of its first attempt."""
    with closing(connect(store)) as connection:
        with writing(connection):
            event = {"type": "alert.firing", "data": {}}
            message = outbox.enqueue_message(connection, "hook", event, [alert])
        now = time.time() + 1
        claimed = outbox.claim(connection, "hook", now=now, lease_seconds=60)
        while claimed.id != message:
            claimed = outbox.claim(connection, "hook", now=now, lease_seconds=60)
        outbox.settle(connection, claimed, outcome, now)
    return message


def token_in(page):
    return page.partition('name="form_token" value="')[2][:64]


def test_one_alert_with_its_messages(own):
    """Each attempt with its result; examples are linked; every table has its data."""
    store, client, alert = own
    attempt(store, alert, outbox.DeliveryOutcome(status=200))
    failed = attempt(store, alert, outbox.DeliveryOutcome(status=503, error="<b>busy</b>"))
    page = client.get(f"/alerts/{alert[:20]}").text
    assert "&lt;b&gt;busy" in page and "<b>busy" not in page
    assert page.count(">Send again<") == 2 and failed in page
    rows = client.get(f"/alerts/{alert}?table=attempts&format=json").json()
    results = [(row["outcome"], row["status"]) for row in rows if row["webhook"] == "hook"]
    assert results == [("delivered", 200), ("failed", 503)]
    states = [
        row["state"]
        for row in client.get(f"/alerts/{alert}?table=messages&format=json").json()
        if row["webhook"] == "hook"
    ]
    assert states == ["delivered", "pending"]
    example = re.search(r'<td><a href="(/exchanges/[^"]+)"', page)[1]
    assert f"/alerts/{alert}" in client.get(example).text
    assert "line-chart" in page and "bar-chart" in page
    for table in ("alert", "examples", "history", "messages", "attempts", "points"):
        assert client.get(f"/alerts/{alert}?table={table}&format=csv").status_code == 200


def test_a_failed_message_is_sent_again(own):
    """By its own form only, and only a failed one about this alert."""
    store, client, alert = own
    dead = attempt(store, alert, outbox.DeliveryOutcome(status=410, error="gone"))
    done = attempt(store, alert, outbox.DeliveryOutcome(status=200))
    other = attempt(store, "another", outbox.DeliveryOutcome(status=410, error="gone"))
    form = {"action": "send", "back": "alert", "form_token": token_in(client.get("/alerts").text)}
    url = f"/alerts/{alert}"
    for message, says in ((done, "was delivered"), (other, "has no message"), ("", "no message")):
        answer = client.post(url, data={**form, "message": message}, headers=OWN)
        assert answer.status_code == 404 and says in answer.text
    assert client.post(url, data={**form, "message": dead}).status_code == 403
    answer = client.post(url, data={**form, "message": dead, "form_token": "x"}, headers=OWN)
    assert answer.status_code == 403
    answer = client.post(url, data={**form, "message": dead}, headers=OWN)
    assert answer.status_code == 303 and answer.headers["location"] == url
    with closing(connect(store)) as connection:
        with writing(connection):
            assert claim_message(connection, "hook", now="9", until="9").id == dead
        names = {row[0] for row in connection.execute("select delivery_id from delivery_attempts")}
    assert dead in names


def test_a_delivered_message_is_sent_again_once_confirmed(own):
    """Under its id, so that the receiver can drop it; without the confirmation it stays."""
    store, client, alert = own
    done = attempt(store, alert, outbox.DeliveryOutcome(status=200))
    page = client.get(f"/alerts/{alert}").text
    assert re.search(
        rf'value="{done}"><label><input type="checkbox" name="delivered"[^>]*req', page
    )
    form = {"action": "send", "back": "alert", "form_token": token_in(page), "message": done}
    url = f"/alerts/{alert}"
    for confirmed, status in (({}, 404), ({"delivered": "0"}, 404), ({"delivered": "1"}, 303)):
        answer = client.post(url, data={**form, **confirmed}, headers=OWN)
        assert answer.status_code == status
    answer = client.post(url, data={**form, "delivered": "1"}, headers=OWN)
    assert answer.status_code == 404 and "the next delivery sends it" in answer.text
    with closing(connect(store)) as connection, writing(connection):
        assert claim_message(connection, "hook", now="9", until="9").id == done


def test_a_silence_is_ended(own):
    _, client, alert = own
    form = {"form_token": token_in(client.get("/alerts").text), "back": "alert"}
    data = {**form, "action": "silence", "for": "2h", "note": "<i>known"}
    assert client.post(f"/alerts/{alert}", data=data, headers=OWN).status_code == 303
    page = client.get(f"/alerts/{alert}").text
    silence = re.search(r'name="silence" value="([^"]+)"', page)[1]
    assert "&lt;i&gt;known" in page and "End the silence" in page
    data = {**form, "action": "end_silence", "silence": silence}
    assert client.post(f"/alerts/{alert}", data=data, headers=OWN).status_code == 303
    assert "End the silence" not in client.get(f"/alerts/{alert}").text
    assert client.post(f"/alerts/{alert}", data=data, headers=OWN).status_code == 404


def test_the_links_of_messages_go_to_the_alert(pages):
    answer = pages.get("/alerts?id=a/b?c")
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts/a%2Fb%3Fc")
    answer = pages.get("/alerts/nobody")
    assert answer.status_code == 404 and "no alert has the id" in answer.text


def test_many_alerts_are_several_pages(own):
    store, client, alert = own
    with closing(connect(store)) as connection:
        names = [row[1] for row in connection.execute("pragma table_info(alerts)")]
        rest = ", ".join(f'"{name}"' for name in names if name not in ("id", "fingerprint"))
        connection.execute(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) "
            f"insert into alerts (id, fingerprint, {rest}) select 'copy' || i, 'f' || i, {rest} "
            "from alerts, n where id = ?",
            (alert,),
        )
    page = client.get("/alerts")
    assert len(page.content) < 500_000 and page.text.count('<li class="card') == 100
    following = re.search(r'href="([^"]+)" rel="next"', page.text)[1]
    assert "Alerts 101 to 200 of" in client.get(following).text
    assert "Alerts 1 to 100" in client.get("/alerts?start=99999999999").text
