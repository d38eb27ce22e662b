"""Fixtures: events of all kinds and sizes, and an HTTP receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from modeltap.config.webhook_settings import parse_webhook
from modeltap.notify.http import post
from modeltap.notify.outbox import DeliveryOutcome
from modeltap.testing import Received, WebhookReceiver

MOMENT = "2013-03-04T00:00:00.000Z"
END = "2013-03-11T00:00:00.000Z"


def event_of(
    kind: str = "alert.firing", *, features: int = 1, size: int = 1, **overrides: Any
) -> dict[str, Any]:
    """An event as stored in the outbox; `size` multiplies the length of its texts."""
    alerts = [
        {
            "id": f"alert_{n}",
            "fingerprint": f"mark{n}",
            "metric": "drift",
            "feature": f"temp{n}" * size,
            "segment": None,
            "severity": "warning",
            "state": kind.partition(".")[2],
            "value": 0.3,
            "threshold": 0.1,
            "p_value": 1e-9,
            "window_start": MOMENT,
            "window_end": END,
            "last_window_start": MOMENT,
            "started_at": MOMENT,
            "resolved_at": END if kind == "alert.resolved" else None,
            "summary": f"flights: temp{n}: median went from 10 to 20 <!everyone> & co " * size,
            "examples": [f"0142-{n}"],
        }
        for n in range(features)
    ]
    return {
        "type": kind,
        "timestamp": END,
        "data": {
            "model": "flights",
            "version": "2",
            "rule": "data_drift",
            "severity": "warning",
            "window_start": MOMENT,
            "window_end": END,
            "started_at": MOMENT,
            "summary": "flights: 1 input drifted: median went from 10 to 20 <!everyone> & co"
            * size,
            "alerts": alerts,
            "alerts_left_out": 0,
            "open_alerts": features,
            "repeated": False,
            "link": "https://taps.example/alerts?id=alert_0",
        }
        | overrides,
    }


DIGEST = {
    "type": "digest",
    "timestamp": END,
    "data": {
        "summary": "2013-03-04 to 2013-03-11: 2 models, no alerts firing, 0 new",
        "period_start": MOMENT,
        "period_end": END,
        "alerts": [],
        "models": [
            {"model": "flights", "summary": "flights: 1,200 requests, no alerts firing"},
            {"model": "trains", "summary": "trains: 0 requests, no alerts firing"},
        ],
    },
}

EVENTS = {
    "firing": event_of(),
    "resolved": event_of("alert.resolved", open_alerts=0),
    "no_data": event_of("alert.no_data"),
    "error": event_of("alert.error"),
    "many": event_of(features=60),
    "huge": event_of(features=60, size=400),
    "no model": event_of(model="", version="", link=None, severity="critical"),
    "digest": DIGEST,
    "retrain": {
        "type": "retrain",
        "timestamp": END,
        "data": {
            "model": "flights",
            "since": MOMENT,
            "labels": 40,
            "alerts": [],
            "summary": "flights: retraining due: 40 labels",
        },
    },
    "test": event_of("test"),
}


@pytest.fixture(params=list(EVENTS))
def event(request: pytest.FixtureRequest) -> dict[str, Any]:
    chosen: dict[str, Any] = EVENTS[request.param]
    return chosen


@pytest.fixture
def firing() -> Callable[..., dict[str, Any]]:
    return event_of


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as one:
        yield one


@pytest.fixture
def send(receiver: WebhookReceiver) -> Callable[..., Received]:
    """Send an event through a channel to the receiver; return the request."""

    def sent(
        event: dict[str, Any], channel: str, message_id: str = "msg_1", **overrides: Any
    ) -> Any:
        table = {"url": receiver.url, "format": channel, "allow_private": True} | overrides
        outcome: DeliveryOutcome = post(parse_webhook(table), message_id, event)
        if not outcome.delivered:
            return outcome
        return receiver.received[-1]

    return sent
