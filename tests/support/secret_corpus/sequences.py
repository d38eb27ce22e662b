"""Clean bodies, then one with the same letters and a secret, which caches must not confuse."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

from secret_corpus.visit import JSON, Visit

OWN_PATTERN = "^phone1$"
"""A pattern that matches only one of two names with the same letters."""

_FORM = "application/x-www-form-urlencoded"


def _body(make: Callable[[str, str], str], kind: str = JSON) -> Callable[[str, str], Visit]:
    return lambda name, value: Visit(make(name, value).encode(), kind)


SHAPES: dict[str, Callable[[str, str], Visit]] = {
    "object": _body(lambda name, value: json.dumps({name: value})),
    "object of two": _body(lambda name, value: json.dumps({"age": 37, name: value})),
    "rows": _body(lambda name, value: json.dumps({"rows": [{"age": 1}, {name: value}]})),
    "pair": _body(lambda name, value: json.dumps({"name": name, "value": value})),
    "table": _body(lambda name, value: json.dumps({"columns": [name], "data": [[value]]})),
    "header row": _body(lambda name, value: json.dumps([["age", name], [37, value]])),
    "list of two": _body(lambda name, value: json.dumps([["age", 37], [name, value]])),
    "way": _body(lambda name, value: json.dumps([{"loc": ["body", name], "input": value}])),
    "JSON in a text": _body(lambda name, value: json.dumps({"body": json.dumps({name: value})})),
    "pair in a text": _body(lambda name, value: json.dumps({"text": f"{name}={value}"})),
    "URL": _body(lambda name, value: json.dumps({"url": f"https://h/?{name}={value}"})),
    "escapes": _body(lambda name, value: f'{{"\\u0070{name[1:]}": "{value}"}}'),
    "JSON Lines": _body(lambda name, value: f'{{"age": 1}}\n{{"{name}": "{value}"}}\n'),
    "events": _body(lambda name, value: f'data: {{"{name}": "{value}"}}\n\n', "text/event-stream"),
    "form": _body(lambda name, value: f"age=37&{name}={value}", _FORM),
    "text": _body(lambda name, value: f"{name}: {value}", "text/plain"),
    "CSV": _body(lambda name, value: f"age,{name}\n37,{value}\n", "text/csv"),
    "XML": _body(lambda name, value: f"<{name}>{value}</{name}>", "application/xml"),
    "UTF-16": lambda name, value: Visit(json.dumps({name: value}).encode("utf-16")),
    "gzip": lambda name, value: Visit(
        gzip.compress(json.dumps({name: value}).encode()), headers={"content-encoding": "gzip"}
    ),
    "answer": lambda name, value: Visit(b"{}", answer=json.dumps({name: value}).encode()),
}


def sequence(shape: str, secret: str) -> list[Visit]:
    """Return clean exchanges of one shape, then one with the secret, then a clean one."""
    make = SHAPES[shape]
    clean = "none of the secrets"
    return [
        *(make("phone2", f"{clean} {number}") for number in range(4)),
        make("phone1", secret),
        make("phone3", clean),
    ]
