"""The page that asks a browser for the token; programs get a line of text instead."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from urllib.parse import parse_qsl

from modeltap.tap.endpoints.own_endpoint import OwnRequest

_STYLE = "body { margin: 40px auto; max-width: 560px; padding: 0 20px; font: 16px system-ui }"
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS = (
    ("content-type", "text/html; charset=utf-8"),
    (
        "content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
)
"""The headers of the page: it runs nothing, and is in no frame."""

_MOST_FIELDS = 30

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in – modeltap</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>modeltap</h1>
<p{role}>{reason}</p>
<form method="get">
{fields}<p><label>Token <input type="password" name="token" required autofocus
autocomplete="current-password"></label> <button>Open</button></p>
</form>
<p>The token is in the address that <code>modeltap dashboard</code> prints, or the app's option
<code>dashboard_token</code>. Programs send it as <code>Authorization: Bearer</code>.</p>
</main>
</body>
</html>
"""


def is_browser(request: OwnRequest) -> bool:
    """Return whether a request is for a page that a person will read.

    >>> is_browser(OwnRequest("GET", "", "/", headers={"accept": "text/html,*/*;q=0.8"}))
    True
    >>> is_browser(OwnRequest("GET", "", "/", headers={"accept": "*/*"}))
    False
    """
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def sign_in_page(request: OwnRequest) -> bytes:
    """Return the page. Its form keeps the rest of the address's query.

    >>> b'name="id" value="a&quot;b"' in sign_in_page(OwnRequest("GET", "", "/", "id=a%22b"))
    True
    """
    pairs = parse_qsl(request.query)
    is_wrong = any(name == "token" for name, _ in pairs)
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n'
        for name, value in pairs[:_MOST_FIELDS]
        if name != "token"
    )
    page = _PAGE.format(
        style=_STYLE,
        role=' role="alert"' if is_wrong else "",
        reason="This token is wrong." if is_wrong else "These pages ask for a token.",
        fields=fields,
    )
    return page.encode("utf-8", "replace")
