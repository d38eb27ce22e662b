"""Each channel to a real receiver: what its service takes, within its limits, whatever happened."""

from __future__ import annotations

import pytest

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


def test_an_unknown_format_is_refused_with_the_nearest(send, firing):
    assert (
        "no installed plugin supports the webhook format 'slakc'" in send(firing(), "slakc").error
    )
