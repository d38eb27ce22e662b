"""One exchange that carries a secret: the request and the response."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

JSON = "application/json"


@dataclass(frozen=True)
class Visit:
    """A request, and the app's response to it (None for a short one)."""

    body: bytes = b""
    type: str = JSON
    method: str = "POST"
    target: str = "/predict"
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes | None = None
    answer_type: str = JSON
    answer_headers: dict[str, str] = field(default_factory=dict)
    status: int = 200

    def swapped(self) -> Visit:
        """Return the exchange in which the app returns the body that the client sends here."""
        answer_headers = {
            name: value for name, value in self.headers.items() if name == "content-encoding"
        }
        return replace(
            self,
            body=b'{"age": 37}',
            type=JSON,
            headers={},
            answer=self.body,
            answer_type=self.type,
            answer_headers=answer_headers,
        )


class Route(NamedTuple):
    """A way in which a secret reaches the tap: its name, and a function that makes an exchange."""

    name: str
    visit: Callable[[str], Visit]


def json_body(value: object) -> bytes:
    """Return `value` as clients write JSON."""
    return json.dumps(value).encode()


def of_json(name: str, make: Callable[[str], object]) -> Route:
    """Return the route of a JSON body that `make` creates from a secret."""
    return Route(name, lambda secret: Visit(json_body(make(secret))))


def of_text(name: str, type: str, make: Callable[[str], str]) -> Route:  # noqa: A002
    """Return the route of a text body of a content type."""
    return Route(name, lambda secret: Visit(make(secret).encode(), type))
