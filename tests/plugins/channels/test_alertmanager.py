"""The Alertmanager channel."""

from __future__ import annotations


def test_an_alert_has_times_and_labels(send, firing):
    body = send(firing(features=2), "alertmanager").event
    assert (body["version"], body["status"], body["receiver"]) == ("4", "firing", "modeltap")
    assert body["commonLabels"]["alertname"] == "data_drift"
    assert [one["labels"]["feature"] for one in body["alerts"]] == ["temp0", "temp1"]
    assert {one["startsAt"] for one in body["alerts"]} == {"2013-03-04T00:00:00.000Z"}
    assert {one["endsAt"] for one in body["alerts"]} == {"0001-01-01T00:00:00Z"}
    over = send(firing("alert.resolved"), "alertmanager").event
    assert (over["status"], over["alerts"][0]["status"]) == ("resolved", "resolved")
    assert over["alerts"][0]["endsAt"] == "2013-03-11T00:00:00.000Z"


def test_labels_are_strings(send, event):
    for one in send(event, "alertmanager").event["alerts"]:
        assert all(isinstance(text, str) for text in one["labels"].values())
        assert one["status"] in ("firing", "resolved") and "summary" in one["annotations"]


def test_a_finding_has_its_features_as_annotation(send, firing):
    found = firing()
    found["data"]["alerts"][0]["related"] = ["width", "height"]
    (alert,) = send(found, "alertmanager").event["alerts"]
    assert alert["annotations"]["related"] == "width, height"
    assert "related" not in send(firing(), "alertmanager").event["alerts"][0]["annotations"]
