"""The Teams channel."""

from __future__ import annotations


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
