"""The PagerDuty channel."""

from __future__ import annotations

from modeltap_channels.pagerduty import dedup_key


def test_pagerduty_triggers_and_resolves_one_incident(send, firing):
    def action(kind, **about):
        body = send(firing(kind, **about), "pagerduty", "msg_9", secret="routing-key").event
        assert body["routing_key"] == "routing-key"
        return body["event_action"], body["dedup_key"]

    key = "modeltap/data_drift/flights/2"
    assert action("alert.firing") == ("trigger", key)
    assert action("alert.firing", repeated=True) == ("trigger", key)
    # One of two columns is back to normal: the incident continues.
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


def test_a_missing_integration_key_is_an_error(send, firing):
    assert "needs the integration key as the secret" in send(firing(), "pagerduty").error
