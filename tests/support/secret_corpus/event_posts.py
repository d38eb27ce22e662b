"""CloudEvents that carry the corpus to a receiver, in both modes."""

from __future__ import annotations

import base64
import json

from logs import REQUEST, RESPONSE
from secret_corpus.visit import JSON, Visit

STRUCTURED = "application/cloudevents+json"

_REST = {REQUEST: b'{"instances": [[1, 2]]}', RESPONSE: b'{"predictions": [1]}'}


def posts(visits: list[Visit]) -> list[tuple[bytes, dict[str, str]]]:
    """Return the body and headers of each post: a visit in one half, something clean in the other.

    Every third event waits for a half that never comes.
    """
    found = []
    for number, visit in enumerate(visits):
        carrying, other = (REQUEST, RESPONSE) if number % 2 else (RESPONSE, REQUEST)
        encode = _binary if number % 4 < 2 else _structured
        found.append(encode(f"k{number}", carrying, visit.body, visit.type))
        if number % 3:
            found.append(_binary(f"k{number}", other, _REST[other], JSON))
    return found


def _about(id_: str, kind: str) -> dict[str, str]:
    return {
        "specversion": "1.0",
        "id": id_,
        "type": kind,
        "source": "http://localhost:9081/",
        "time": "2026-02-03T04:05:00Z",
        "inferenceservicename": "iris",
    }


def _binary(id_: str, kind: str, body: bytes, type_: str) -> tuple[bytes, dict[str, str]]:
    headers = {f"ce-{name}": value for name, value in _about(id_, kind).items()}
    return body, {**headers, "content-type": type_}


def _structured(id_: str, kind: str, body: bytes, type_: str) -> tuple[bytes, dict[str, str]]:
    event: dict[str, object] = {**_about(id_, kind), "datacontenttype": type_}
    try:
        event["data"] = json.loads(body)
    except (ValueError, RecursionError):
        event["data_base64"] = base64.b64encode(body).decode()
    return json.dumps(event).encode(), {"content-type": STRUCTURED}
