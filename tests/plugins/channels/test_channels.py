"""All channels, with an HTTP receiver: every event, within the limits of the service."""

from __future__ import annotations

import pytest

CHANNELS = ("json", "slack", "teams", "discord", "pagerduty", "alertmanager", "cloudevents")


def options_of(channel):
    return {"secret": "routing-key"} if channel == "pagerduty" else {}


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_sends_every_event(send, event, channel):
    got = send(event, channel, **options_of(channel))
    assert "json" in got.headers["content-type"]
    assert got.headers["user-agent"] == "modeltap"
    words = event["data"]["summary"][:20].split(":")[-1]
    is_over = channel == "pagerduty" and got.event["event_action"] == "resolve"
    assert is_over or words.strip() in got.body.decode()


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_firing_alert_has_its_start_and_examples(send, firing, channel):
    text = send(firing(), channel, **options_of(channel)).body.decode()
    for words in (
        "median went from 10 to 20",
        "flights",
        "2013-03-04",
        "0142-0",
        "https://taps.example/alerts?id=alert_0",
    ):
        # Alertmanager has no place for exchanges' ids: the link leads to them.
        assert words in text or (channel, words) == ("alertmanager", "0142-0"), words


def test_an_unknown_format_is_an_error(send, firing):
    error = send(firing(), "slakc").error
    assert "no installed plugin supports the webhook format 'slakc'; did you mean 'slack'?" in error
