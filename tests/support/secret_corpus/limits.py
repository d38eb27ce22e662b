"""Secrets that masking does not find: the documented limits, by name."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from collections.abc import Callable

from secret_corpus.visit import JSON, Route, Visit, json_body, of_json, of_text

_FORM = "application/x-www-form-urlencoded"


def routes() -> list[Route]:
    """Return a route for each limit, with a secret that is stored."""
    return [
        *(of_json(name, make) for name, make in _BODIES.items()),
        of_text("prose", "text/plain", lambda s: f"Ann whispered {s} to Bob."),
        of_text("form of a name and a value", _FORM, lambda s: f"name=password&value={s}"),
        _pickled(),
        _raw_deflate(),
        _pieces(),
        _quoted_in_part(),
        _address("query of a name and a value", "/predict?name=password&value={}"),
        _address("path that does not name it", "/verify-me/{}"),
        _address("path with a slash in the secret", "/token/ab%2F{}"),
        _address("bare key", "/predict?key={}"),
    ]


_BODIES: dict[str, Callable[[str], object]] = {
    "value under another name": lambda s: {"comment": s, "user": s},
    "secret as a name": lambda s: {s: 1},
    "another language": lambda s: {"Kennwort": s, "mot_de_passe": s, "clave": s},
    "sentence": lambda s: {"text": f"my password is {s}"},
    "misspelt name": lambda s: {"passwrd": s, "pasword": s, "toekn": s},
    "value under an unknown key": lambda s: {"name": "password", "result": s},
    "list of two alone": lambda s: {"item": ["password", s]},
    "names and values in turn": lambda s: {"rawHeaders": ["Host", "h", "X-Api-Key", s]},
    "row that begins with its name": lambda s: {"data": [["age", 37, 38], ["password", s, s]]},
    "row of another width": lambda s: {"columns": ["age", "password"], "data": [[0, 37, s]]},
    "header row of objects": lambda s: {
        "Rows": [
            {"Data": [{"VarCharValue": "age"}, {"VarCharValue": "password"}]},
            {"Data": [{"VarCharValue": "37"}, {"VarCharValue": s}]},
        ]
    },
    "records by a column's id": lambda s: {
        "columns": [{"id": "c0", "label": "age"}, {"id": "c1", "label": "password"}],
        "rows": [{"c0": 37, "c1": s}],
    },
    "GraphQL variable": lambda s: {
        "query": "mutation L($p: String!) { login(password: $p) { id } }",
        "variables": {"p": s},
    },
    "second line of a value in a text": lambda s: {"text": f"password: ab\n{s}"},
    "base64 of JSON": lambda s: {
        "isBase64Encoded": True,
        "body": base64.b64encode(json.dumps({"password": s}).encode()).decode(),
    },
    "names and values apart in a text": lambda s: {
        "sql": f"insert into users (name, password) values ('ann', '{s}')"
    },
    "password after a user's name": lambda s: {"command": f"curl -u ann:{s} https://example.org"},
    "name above its text": lambda s: {"field": {"ref": "password"}, "text": s},
    "positional arguments": lambda s: {"method": "login", "params": ["ann", s]},
}


def _pickled() -> Route:
    return Route(
        "binary format",
        lambda secret: Visit(
            pickle.dumps({"password": secret, "x": bytes(range(256))}), "application/octet-stream"
        ),
    )


def _raw_deflate() -> Route:
    def visit(secret: str) -> Visit:
        squeezer = zlib.compressobj(wbits=-15)
        data = squeezer.compress(json_body({"password": secret})) + squeezer.flush()
        return Visit(data, "application/octet-stream")

    return Route("raw deflate without its header", visit)


def _pieces() -> Route:
    def visit(secret: str) -> Visit:
        pieces = ('{"password": ', f'"{secret}"', "}")
        events = (
            {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": piece}}]}}]}
            for piece in pieces
        )
        answer = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        return Visit(b'{"age": 37}', answer=answer.encode(), answer_type="text/event-stream")

    return Route("name and value in different events", visit)


def _quoted_in_part() -> Route:
    form = "starts with {value:.12}"
    return Route(
        "part of a value in an error",
        lambda s: Visit(json_body({"password": s, "form": form}), JSON, target="/raises"),
    )


def _address(name: str, target: str) -> Route:
    return Route(name, lambda secret: Visit(method="GET", target=target.format(secret)))
