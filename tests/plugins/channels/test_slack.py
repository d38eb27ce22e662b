"""The Slack channel."""

from __future__ import annotations


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


def test_slack_messages_contain_no_mentions(send, firing):
    body = send(firing(features=3), "slack").body.decode()
    assert "<!everyone>" not in body and "&lt;!everyone&gt; &amp; co" in body


def test_the_name_of_a_rule_is_in_the_title_and_escaped(send, firing):
    event = firing()
    event["data"] |= {"rule": "custom", "rule_name": "<!here> slow"}
    body = send(event, "slack").event
    (header,) = [block for block in body["blocks"] if block["type"] == "header"]
    assert "&lt;!here&gt; slow" in header["text"]["text"] and "custom" not in body["text"]
