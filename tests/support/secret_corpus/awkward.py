"""Secrets with characters that end a value elsewhere, and secrets that are numbers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from urllib.parse import quote, urlencode

from secret_corpus.visit import JSON, Route, Visit, json_body

_FORM = "application/x-www-form-urlencoded"

SIGNS = {
    "quotes": '"',
    "apostrophe": "'",
    "backslash": "\\",
    "comma": ",",
    "semicolon": ";",
    "ampersand": "&",
    "equals": "=",
    "at": "@",
    "slash": "/",
    "hash": "#",
    "percent": "%",
    "colon": ":",
    "brackets": "[]",
    "braces": "{}",
    "parentheses": "()",
    "angles": "<>",
    "bar": "|",
    "question mark": "?",
    "exclamation": "!",
    "dollar": "$",
    "plus": "+",
    "space": " ",
    "line end": "\n",
    "CRLF": "\r\n",
    "tab": "\t",
    "umlaut": "é",
    "emoji": "\U0001f511",
    "NUL": "\0",
    "dash": "--",
    "the mark": "[masked]",
    "JSON": '{"a": 1}',
    "escape": "\\u0041",
    "URL": "https://h/",
}


def _csv(value: str) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([["age", "password"], ["37", value]])
    return out.getvalue()


PLACES: dict[str, Callable[[str], Visit]] = {
    "field": lambda v: Visit(json_body({"age": 37, "password": v})),
    "list": lambda v: Visit(json_body({"passwords": [v, [v]]})),
    "pair": lambda v: Visit(json_body([{"name": "password", "value": v}])),
    "table": lambda v: Visit(json_body({"columns": ["age", "password"], "data": [[37, v]]})),
    "way": lambda v: Visit(json_body({"detail": [{"loc": ["body", "password"], "input": v}]})),
    "JSON in a text": lambda v: Visit(json_body({"body": json.dumps({"password": v})})),
    "JSON in texts": lambda v: Visit(json_body({"b": json.dumps({"b": json.dumps({"jwt": v})})})),
    "form": lambda v: Visit(urlencode({"age": 37, "password": v}).encode(), _FORM),
    "form in a text": lambda v: Visit(json_body({"body": urlencode({"age": 37, "password": v})})),
    "query": lambda v: Visit(method="GET", target=f"/predict?{urlencode({'token': v})}"),
    "URL": lambda v: Visit(json_body({"url": f"https://h.example/?{urlencode({'token': v})}"})),
    "userinfo": lambda v: Visit(json_body({"dsn": f"postgres://a:{quote(v, safe='')}@db/x"})),
    "path": lambda v: Visit(method="GET", target=f"/token/{quote(v, safe='')}"),
    "CSV": lambda v: Visit(_csv(v).encode(), "text/csv"),
    "CSV in a text": lambda v: Visit(json_body({"csv": _csv(v)})),
    "part": lambda v: Visit(
        b'--b0\r\nContent-Disposition: form-data; name="password"\r\n\r\n'
        + v.encode()
        + b"\r\n--b0--\r\n",
        "multipart/form-data; boundary=b0",
    ),
    "line": lambda v: Visit(f"password: {v}\n".encode(), "text/plain"),
    "line in a text": lambda v: Visit(json_body({"text": f"password: {v}"})),
    "literal in a text": lambda v: Visit(json_body({"text": f"login(password={v!r})"})),
    "GraphQL": lambda v: Visit(json_body({"query": f"{{ login(password: {json.dumps(v)}) }}"})),
    "events": lambda v: Visit(f"data: {json.dumps({'jwt': v})}\n\n".encode(), "text/event-stream"),
    "JSON Lines": lambda v: Visit(f"{json.dumps({'jwt': v})}\n".encode() * 2, "application/jsonl"),
    "error": lambda v: Visit(json_body({"password": v, "form": "bad {value}"}), target="/raises"),
    "quoted in an error": lambda v: Visit(
        json_body({"password": v, "form": "bad {value!r}"}), target="/raises"
    ),
    "repeated body in an error": lambda v: Visit(
        json_body({"password": v, "form": "bad {body}"}), target="/raises"
    ),
}

NUMBERS: dict[str, Callable[[int], Visit]] = {
    "field": lambda n: Visit(json_body({"cardNumber": n})),
    "decimal": lambda n: Visit(json_body({"ssn": float(n)})),
    "list": lambda n: Visit(json_body({"cvv": [n]})),
    "text": lambda n: Visit(json_body({"otp": str(n), "pin": f"{n}", "user_pass": str(n)})),
    "pair": lambda n: Visit(json_body({"key": "iban", "value": n})),
    "table": lambda n: Visit(json_body({"columns": ["age", "ssn"], "data": [[1, n], [2, n]]})),
    "tensor": lambda n: Visit(
        json_body({"inputs": [{"name": "ssn", "shape": [1], "datatype": "INT64", "data": [n]}]})
    ),
    "card": lambda n: Visit(json_body({"card": {"number": n}})),
    "header row": lambda n: Visit(json_body([["age", "card_number"], [1, n]])),
    "form": lambda n: Visit(f"age=1&card_number={n}".encode(), _FORM),
    "query": lambda n: Visit(method="GET", target=f"/predict?pin={n}"),
    "CSV": lambda n: Visit(f"age,ssn\n1,{n}\n".encode(), "text/csv"),
    "grouped": lambda n: Visit(json_body({"card_number": f"{n:,}".replace(",", "-")})),
    "exponent": lambda n: Visit(f'{{"ssn": {n / 10**13!r}e13}}'.encode(), JSON),
    "columns": lambda n: Visit(json_body({"inputs": {"ssn": [n, n], "age": [1, 2]}})),
    "error": lambda n: Visit(json_body({"password": n, "form": "bad {value}"}), target="/raises"),
}


_UNTOLD = {"path": ("slash", "URL"), "line in a text": ("line end", "CRLF")}
"""Characters after which the end of a secret is ambiguous: documented limits."""


def routes() -> list[Route]:
    """Return a route for each character in each place."""
    return [
        Route(f"{sign} in {place}", lambda s, m=make, g=signs: m(f"ab{g}{s}{g}{s}"))
        for place, make in PLACES.items()
        for sign, signs in SIGNS.items()
        if sign not in _UNTOLD.get(place, ())
    ]
