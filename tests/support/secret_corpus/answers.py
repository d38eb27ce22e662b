"""Responses of apps: validation errors, echoes, exceptions that quote, streams."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from secret_corpus.visit import JSON, Route, Visit, json_body

_FORM = "application/x-www-form-urlencoded"


def routes() -> list[Route]:
    """Return a route for each way in which an app returns a secret, received or its own."""
    return [*_validated(), *_raised(), *_echoed(), *_own_secrets()]


def _validated() -> Iterator[Route]:
    """Yield requests that FastAPI itself rejects with a quote of the input."""
    for name, visit in {
        "a long password": lambda s: _login({"user": "a", "password": s}),
        "a list for a password": lambda s: _login({"user": "a", "password": [s]}),
        "an object for a password": lambda s: _login({"user": "a", "password": {"x": s}}),
        "a missing user": lambda s: _login({"password": s}),
        "an unknown field": lambda s: _login(
            {"user": "a", "password": "b", "token": s, "age": "x"}
        ),
        "a card's number": lambda s: _login({"user": "a", "password": "b", "card": {"number": s}}),
        "a list of logins": lambda s: _login([{"user": "a", "password": s}]),
        "a text of JSON": lambda s: _login(json.dumps({"user": "a", "password": s})),
        "a form": lambda s: Visit(f"user=a&password={s}".encode(), _FORM, target="/login"),
        "JSON that ends early": lambda s: Visit(f'{{"password": "{s}'.encode(), target="/login"),
        "a query's token": lambda s: _login({"user": "a", "password": "b"}, query=f"?token={s}"),
        "a header's key": lambda s: _login(
            {"user": "a", "password": "b"}, headers={"x-api-key": s}
        ),
    }.items():
        yield Route(f"refused: {name}", visit)


def _login(body: object, query: str = "", headers: dict[str, str] | None = None) -> Visit:
    return Visit(json_body(body), target=f"/login{query}", headers=headers or {})


def _raised() -> Iterator[Route]:
    """Yield requests to handlers that raise exceptions with the input."""
    for name, form in {
        "the body": "{body}",
        "the value": "{value}",
        "the value, quoted": "cannot use {value!r} here",
        "a pair": "password={value}",
        "a pair by colon": "bad password: {value}",
        "a keyword": "login(password={value!r})",
        "JSON": '{{"password": "{value}"}}',
        "a URL": "GET https://h.example/p?token={value} failed",
        "userinfo": "cannot connect to postgresql://a:{value}@db.example/x",
        "a header": "Authorization: Bearer {value}",
        "upper case": "{value!s:.200}",
    }.items():
        yield Route(
            f"raised with {name}",
            lambda secret, f=form: Visit(
                json_body({"age": 37, "password": secret, "form": f}), target="/raises"
            ),
        )
    quoting = "cannot use {value!r}"
    yield Route(
        "raised with a query's token",
        lambda secret: Visit(json_body({"form": quoting}), target=f"/raises?token={secret}"),
    )
    yield Route(
        "raised with a header's key",
        lambda secret: Visit(
            json_body({"form": quoting}), target="/raises", headers={"x-api-key": secret}
        ),
    )
    yield Route(
        "raised with a number",
        lambda secret: Visit(
            json_body({"age": 37, "password": [secret, 1], "form": "{value}"}), target="/raises"
        ),
    )


def _echoed() -> Iterator[Route]:
    """Yield bodies that an app returns, unchanged or in another form."""
    for name, make in {
        "as JSON": lambda s: {"password": s},
        "in a text": lambda s: {"message": f'received {{"password": "{s}"}}'},
        "below": lambda s: {"request": {"body": json.dumps({"password": s})}},
        "as httpbin does": lambda s: {
            "args": {"token": s},
            "headers": {"X-Api-Key": s},
            "data": f'{{"password": "{s}"}}',
            "form": {"password": s},
            "json": {"password": s},
            "url": f"https://h/?token={s}",
        },
        "as a line of a log": lambda s: {"log": [f"POST /login?token={s} 200"]},
    }.items():
        yield Route(
            f"echoed {name}",
            lambda secret, m=make: Visit(
                json_body({"age": 37, "password": secret}), answer=json_body(m(secret))
            ),
        )


def _own_secrets() -> Iterator[Route]:
    """Yield responses with the app's own secrets to requests without secrets."""
    for name, kind, make in _ANSWERS:
        yield Route(
            f"answered: {name}",
            lambda secret, k=kind, m=make: Visit(
                b'{"age": 37}', answer=m(secret).encode(), answer_type=k
            ),
        )


_ANSWERS: list[tuple[str, str, Callable[[str], str]]] = [
    ("JSON", JSON, lambda s: f'{{"access_token": "{s}", "expires_in": 3600}}'),
    ("error", "application/problem+json", lambda s: f'{{"detail": "password={s}"}}'),
    ("page", "text/html", lambda s: f'<input type="hidden" name="csrf_token" value="{s}">'),
    ("traceback", "text/plain", lambda s: f"Traceback:\n  login(password='{s}')\nValueError"),
    ("events", "text/event-stream", lambda s: f'data: {{"token": "{s}"}}\n\ndata: [DONE]\n\n'),
    ("JSON Lines", "application/jsonl", lambda s: f'{{"a": 1}}\n{{"token": "{s}"}}\n'),
    ("metrics", "text/plain; version=0.0.4", lambda s: f'calls{{api_key="{s}"}} 3\n'),
    (
        "tool call in one piece",
        "text/event-stream",
        lambda s: (
            "data: "
            + json.dumps(
                {
                    "choices": [
                        {
                            "delta": {
                                "tool_calls": [{"function": {"arguments": f'{{"token":"{s}"}}'}}]
                            }
                        }
                    ]
                }
            )
            + "\n\n"
        ),
    ),
]
