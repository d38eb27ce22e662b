"""A command that sends a recorded request again, for a POSIX shell with `$'...'` (bash, zsh)."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from modeltap.printable import escaped_lines
from modeltap.privacy.marks import MASK

_LONGEST = 100_000
"""The longest body of a command: Linux allows an argument of 128 KiB."""

_PATH = "/:@!$&'()*+,;=~-._%"
_NOT_SENT = ("content-length", "content-encoding", "host", "connection", "transfer-encoding")


def curl_command(exchange: Mapping[str, Any], headers: Mapping[str, Any]) -> str | None:
    """Return the command; None if there is no request, or its body is not stored or too long.

    Args:
        exchange: its columns, with a decompressed body.
        headers: the recorded ones, in lower case. Masked ones are left out.
    """
    body = exchange["request_body"]
    is_missing = body is None and (exchange["request_note"] or exchange["request_truncated"])
    if not exchange["method"] or is_missing or len(body or "") > _LONGEST:
        return None
    parts = ["curl", "--globoff", "-X", exchange["method"], _address(exchange)]
    for header in _headers(exchange, headers):
        parts += ["-H", header]
    if isinstance(body, str) and "\0" not in body:
        parts += ["--data-raw", body] if body else []
        return " ".join(map(_quoted, parts))
    if not body:
        return " ".join(map(_quoted, parts))
    data = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    command = " ".join(map(_quoted, [*parts, "--data-binary", "@-"]))
    return f"echo {base64.b64encode(data).decode()} | base64 -d | {command}"


def _address(exchange: Mapping[str, Any]) -> str:
    path = quote((exchange["path"] or "/").encode("utf-8", "replace"), safe=_PATH)
    query = f"?{exchange['query']}" if exchange["query"] else ""
    return f"http://HOST{path}{query}"


def _headers(exchange: Mapping[str, Any], headers: Mapping[str, Any]) -> Iterator[str]:
    if exchange["request_type"]:
        yield f"content-type: {exchange['request_type']}"
    for name, value in headers.items():
        is_own = name.lower() not in (*_NOT_SENT, "content-type")
        if is_own and isinstance(value, str) and MASK not in value:
            yield f"{name}: {value}"


def _quoted(part: str) -> str:
    r"""Return a word of the command; invisible characters are written as bytes.

    >>> print(_quoted("it's"), _quoted("a\x1b[31m"))
    'it'"'"'s' $'a\x1b[31m'
    """
    if escaped_lines(part) == part:
        return shlex.quote(part)
    return f"$'{''.join(map(_escaped, part))}'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character == "\n" or escaped_lines(character) == character:
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "replace"))
