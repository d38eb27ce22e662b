"""CloudEvents as KServe's logger sends them, by the cloudevents library."""

from __future__ import annotations

from datetime import UTC, datetime

from cloudevents.core.v1.event import CloudEvent


def event(id_, kind, data, **more):
    about = {
        "id": id_,
        "type": kind,
        "source": "http://localhost:9081/",
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "time": datetime(2026, 2, 3, 4, 5, tzinfo=UTC),
        "inferenceservicename": "iris",
        **more,
    }
    return CloudEvent(about, data)


def post(client, message, path="/", **headers):
    return client.post(path, content=message.body, headers={**message.headers, **headers})
