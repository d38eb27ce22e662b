"""Each channel to a real receiver: what its service takes, within its limits, whatever happened."""

from __future__ import annotations

import json

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event

from modeltap_channels.pagerduty import dedup_key

CHANNELS = ("json", "slack", "teams", "discord", "pagerduty", "alertmanager", "cloudevents")


def said(channel):
    return {"secret": "routing-key"} if channel == "pagerduty" else {}


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_says_every_event_in_json_with_its_words(send, event, channel):
    got = send(event, channel, **said(channel))
    assert "json" in got.headers["content-type"]
    assert got.headers["user-agent"] == "modeltap"
    words = event["data"]["summary"][:20].split(":")[-1]
    is_over = channel == "pagerduty" and got.event["event_action"] == "resolve"
    assert is_over or words.strip() in got.body.decode()


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_firing_alert_says_what_since_when_and_where_to_look(send, firing, channel):
    text = send(firing(), channel, **said(channel)).body.decode()
    for words in (
        "median went from 10 to 20",
        "flights",
        "2013-03-04",
        "0142-0",
        "https://taps.example/alerts?id=alert_0",
    ):
        # Alertmanager has no place for exchanges' ids: the link leads to them.
        assert words in text or (channel, words) == ("alertmanager", "0142-0"), words


def test_slack_blocks_are_within_its_limits(send, event):
    body = send(event, "slack").event
    assert body["text"] and len(body["blocks"]) <= 50
    for block in body["blocks"]:
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= 150
        for part in [block.get("text", {}), *block.get("fields", ()), *block.get("elements", ())]:
            assert len(part.get("text", "")) <= 3000
        assert all(len(part["text"]) <= 2000 for part in block.get("fields", ()))
        assert len(block.get("fields", ())) <= 10


def test_slack_calls_nobody(send, firing):
    body = send(firing(features=3), "slack").body.decode()
    assert "<!everyone>" not in body and "&lt;!everyone&gt; &amp; co" in body


def test_a_teams_card_is_adaptive_and_below_28_kb(send, event):
    got = send(event, "teams")
    (attachment,) = got.event["attachments"]
    assert got.event["type"] == "message" and len(got.body) < 28_000
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert all(item["type"] in ("TextBlock", "FactSet") for item in card["body"])
    for action in card.get("actions", ()):
        assert action["type"] == "Action.OpenUrl" and action["url"]


def test_a_discord_embed_is_within_its_limits(send, event):
    body = send(event, "discord").event
    (embed,) = body["embeds"]
    assert body["allowed_mentions"] == {"parse": []}
    assert len(embed["title"]) <= 256 and len(embed["description"]) <= 4096
    assert len(embed["fields"]) <= 25
    assert all(len(one["value"]) <= 1024 for one in embed["fields"])
    texts = [
        embed["title"],
        embed["description"],
        *(one["name"] + one["value"] for one in embed["fields"]),
    ]
    assert sum(map(len, texts)) <= 6000


def test_pagerduty_triggers_and_resolves_one_incident(send, firing):
    def action(kind, **about):
        body = send(firing(kind, **about), "pagerduty", "msg_9", secret="routing-key").event
        assert body["routing_key"] == "routing-key"
        return body["event_action"], body["dedup_key"]

    key = "modeltap/data_drift/flights/2"
    assert action("alert.firing") == ("trigger", key)
    assert action("alert.firing", repeated=True) == ("trigger", key)
    # One of two columns is back to normal: the incident goes on.
    assert action("alert.resolved", open_alerts=1) == ("trigger", key)
    assert action("alert.resolved", open_alerts=0) == ("resolve", key)
    assert action("alert.firing", version="3") == ("trigger", "modeltap/data_drift/flights/3")


def test_pagerduty_is_within_its_limits(send, event):
    body = send(event, "pagerduty", secret="routing-key").event
    assert len(body["dedup_key"]) <= 255
    if body["event_action"] == "trigger":
        assert len(body["payload"]["summary"]) <= 1024
        assert body["payload"]["severity"] in ("critical", "error", "warning", "info")
        assert body["payload"]["source"]


def test_long_names_that_differ_at_the_end_are_two_incidents():
    def key(name):
        return dedup_key({"data": {"rule": "data_drift", "model": "m" * 300 + name}}, "msg_1")

    assert len(key("a")) <= 255 and key("a") != key("b")


def test_pagerduty_without_its_key_says_what_is_missing(send, firing):
    assert "needs the integration key as secret" in send(firing(), "pagerduty").error


def test_alertmanager_tells_when_and_under_which_labels(send, firing):
    body = send(firing(features=2), "alertmanager").event
    assert (body["version"], body["status"], body["receiver"]) == ("4", "firing", "modeltap")
    assert body["commonLabels"]["alertname"] == "data_drift"
    assert [one["labels"]["feature"] for one in body["alerts"]] == ["temp0", "temp1"]
    assert {one["startsAt"] for one in body["alerts"]} == {"2013-03-04T00:00:00.000Z"}
    assert {one["endsAt"] for one in body["alerts"]} == {"0001-01-01T00:00:00Z"}
    over = send(firing("alert.resolved"), "alertmanager").event
    assert (over["status"], over["alerts"][0]["status"]) == ("resolved", "resolved")
    assert over["alerts"][0]["endsAt"] == "2013-03-11T00:00:00.000Z"


def test_alertmanagers_labels_are_texts(send, event):
    for one in send(event, "alertmanager").event["alerts"]:
        assert all(isinstance(text, str) for text in one["labels"].values())
        assert one["status"] in ("firing", "resolved") and "summary" in one["annotations"]


def test_the_cloudevents_library_reads_it(send, event):
    got = send(event, "cloudevents", "msg_7")
    read = from_structured_event(HTTPMessage(headers=got.headers, body=got.body))
    assert (read.get_id(), read.get_specversion()) == ("msg_7", "1.0")
    assert read.get_type() == f"modeltap.{event['type']}"
    assert read.get_source().startswith("/modeltap/")
    data = read.get_data()
    assert (json.loads(data) if isinstance(data, (str, bytes)) else data) == event["data"]


def test_an_unknown_format_is_refused_with_the_nearest(send, firing):
    assert "no plugin knows the webhook format 'slakc'" in send(firing(), "slakc").error
