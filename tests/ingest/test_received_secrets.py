"""Secrets in events of all kinds: the receiver stores none of them."""

from __future__ import annotations

from logs import REQUEST, RESPONSE
from secret_corpus import all_routes
from secret_corpus.imports import is_recognized_by_header
from secret_corpus.live import Corpus


def test_received_events_leave_no_secret(receive, read_rows, store):
    """Of any bytes, as the data of binary events; files are searched while it runs, and after."""
    corpus = Corpus()
    corpus.add(all_routes())
    process, client = receive()
    for number, visit in enumerate(corpus.visits):
        if is_recognized_by_header(visit):
            continue  # an event names no encoding
        for kind, body in ((REQUEST, visit.body), (RESPONSE, visit.answer or visit.body)):
            assert _post(client, number, kind, visit.type, body).status_code in (202, 400)
    assert corpus.leaks(store.parent) == {}
    process.terminate()
    process.wait(60)
    assert corpus.leaks(store.parent) == {}
    assert len(read_rows(store)) > 300


def _post(client, number, kind, content_type, body):
    headers = {
        "ce-id": f"e{number}",
        "ce-type": kind,
        "ce-source": "http://localhost:9081/",
        "ce-specversion": "1.0",
        "ce-inferenceservicename": "m",
        "content-type": content_type,
    }
    return client.post("/", content=body, headers=headers)
