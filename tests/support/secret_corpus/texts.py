"""Bodies that are not JSON: forms, tables, markup, configuration, logs and streams."""

from __future__ import annotations

import json
from collections.abc import Callable

from secret_corpus.visit import Route, of_text

_Make = Callable[[str], str]


def routes() -> list[Route]:
    """Return a route for each kind of text, with the content type that clients use."""
    kinds = {**_FORMS, **_STREAMS, **_BROKEN_JSON, **_TABLES, **_MARKUP, **_PLAIN}
    return [of_text(f"text: {name}", kind, make) for name, (kind, make) in kinds.items()]


def _json(secret: str) -> str:
    return json.dumps({"age": 37, "password": secret})


_FORM = "application/x-www-form-urlencoded"

_FORMS: dict[str, tuple[str, _Make]] = {
    "form": (_FORM, lambda s: f"user=a&password={s}"),
    "form with a charset": (f"{_FORM}; charset=utf-8", lambda s: f"user=a&password={s}"),
    "form of one": (_FORM, lambda s: f"password={s}"),
    "form by semicolon": (_FORM, lambda s: f"user=a;password={s}"),
    "form with brackets": (_FORM, lambda s: f"user%5Bpassword%5D={s}"),
    "form with an escaped letter": (_FORM, lambda s: f"user=a&p%61ssword={s}"),
    "form with an escaped sign": (_FORM, lambda s: f"user=a&api%5Fkey={s}"),
    "form with plus": (_FORM, lambda s: f"user=a&user+password={s}"),
    "form of JSON": (_FORM, lambda s: f"payload=%7B%22password%22%3A%22{s}%22%7D"),
    "form of a URL": (_FORM, lambda s: f"url=https%3A%2F%2Fh%2F%3Ftoken%3D{s}"),
    "form called JSON": ("application/json", lambda s: f"user=a&password={s}"),
    "form called nothing": ("", lambda s: f"user=a&password={s}"),
    "form called binary": ("application/octet-stream", lambda s: f"user=a&password={s}"),
    "OAuth": (_FORM, lambda s: f"grant_type=client_credentials&client_id=a&client_secret={s}"),
    "assertion": (_FORM, lambda s: f"grant_type=password&username=a&password={s}"),
}

_LINES = "application/jsonl"
_EVENTS = "text/event-stream"

_STREAMS: dict[str, tuple[str, _Make]] = {
    "JSON Lines": (_LINES, lambda s: f'{{"age": 37}}\n{_json(s)}\n'),
    "JSON Lines, cut": (_LINES, lambda s: f'{_json(s)}\n{{"age": 3'),
    "JSON Lines, cut in the secret": (_LINES, lambda s: f'{{"age": 37}}\n{{"password": "{s}'),
    "JSON Lines of lists": (_LINES, lambda s: f'["age", "password"]\n[37, "{s}"]\n'),
    "JSON Lines of pairs": (_LINES, lambda s: f'{{"name": "password", "value": "{s}"}}\n' * 2),
    "JSON texts in a row": ("application/json", lambda s: f'{{"age": 37}}{_json(s)}'),
    "JSON text sequence": (
        "application/json-seq",
        lambda s: f'\x1e{{"age": 37}}\n\x1e{_json(s)}\n',
    ),
    "events": (_EVENTS, lambda s: f'data: {{"age": 37}}\n\ndata: {_json(s)}\n\n'),
    "events of several lines": (_EVENTS, lambda s: f'data: {{"password":\ndata: "{s}"}}\n\n'),
    "events of CRLF": (_EVENTS, lambda s: f"event: a\r\ndata: {_json(s)}\r\n\r\n"),
    "events of CR": (_EVENTS, lambda s: f"event: a\rdata: {_json(s)}\r\r"),
    "event's name": (_EVENTS, lambda s: f"event: password\ndata: {s}\n\n"),
    "event's id": (_EVENTS, lambda s: f"id: token={s}\ndata: 1\n\n"),
    "event's comment": (_EVENTS, lambda s: f": password={s}\n\ndata: 1\n\n"),
    "event of text": (_EVENTS, lambda s: f"data: password: {s}\n\n"),
    "event of a form": (_EVENTS, lambda s: f"data: a=1&token={s}\n\n"),
    "event, cut": (_EVENTS, lambda s: f'data: {{"age": 1}}\n\ndata: {{"password": "{s}'),
    "multiline log": ("application/x-ndjson", lambda s: f"{_json(s)}\r\n{_json(s)}\r\n"),
    "bulk": ("application/x-ndjson", lambda s: f'{{"index": {{}}}}\n{_json(s)}\n'),
}

_J = "application/json"

_BROKEN_JSON: dict[str, tuple[str, _Make]] = {
    "JSON, cut": (_J, lambda s: _json(s)[:-1]),
    "JSON, cut in the secret": (_J, lambda s: _json(s)[:-3]),
    "JSON with a comma too many": (_J, lambda s: f'{{"password": "{s}",}}'),
    "JSON with a comment": (_J, lambda s: f'{{/* a */ "password": "{s}"}}'),
    "JSON without quotes": (_J, lambda s: f"{{password: '{s}'}}"),
    "JSON with single quotes": (_J, lambda s: f"{{'password': '{s}'}}"),
    "JSON with a prefix": (_J, lambda s: f")]}}',\n{_json(s)}"),
    "JSON for a callback": ("application/javascript", lambda s: f"callback({_json(s)});"),
    "JSON as a script": ("text/javascript", lambda s: f"window.state = {_json(s)};"),
    "JSON with a byte-order mark": (_J, lambda s: "\ufeff" + _json(s)),
    "JSON with spaces": (_J, lambda s: f"\r\n\t {_json(s)} \n"),
    "JSON in a JSON text": (_J, lambda s: json.dumps(_json(s))),
    "JSON in JSON texts": (_J, lambda s: json.dumps(json.dumps(_json(s)))),
    "JSON with NaN": (_J, lambda s: f'{{"age": NaN, "password": "{s}"}}'),
    "JSON with a name twice": (_J, lambda s: f'{{"password": "{s}", "password": 1}}'),
    "JSON with a pair twice": (_J, lambda s: f'{{"a": "password={s}", "a": 1}}'),
    "JSON with escapes": (_J, lambda s: f'{{"\\u0070assword": "{s}"}}'),
    "JSON with a lone surrogate": (_J, lambda s: f'{{"a": "\\ud800", "password": "{s}"}}'),
    "JSON with NUL": (_J, lambda s: f'{{"a": "\\u0000", "password": "{s}"}}'),
    "JSON with a raw NUL": (_J, lambda s: f'{{"a": "\0", "password": "{s}"}}'),
    "JSON with a line end in a text": (_J, lambda s: f'{{"a": "\n", "password": "{s}"}}'),
    "JSON of a great number": (_J, lambda s: f'{{"a": {"9" * 5000}, "password": "{s}"}}'),
    "deep JSON": (_J, lambda s: '{"a":' * 800 + _json(s) + "}" * 800),
    "very deep JSON": (_J, lambda s: '{"a":' * 5000 + _json(s) + "}" * 5000),
    "deep lists": (_J, lambda s: "[" * 3000 + _json(s) + "]" * 3000),
    "JSON called text": ("text/plain", _json),
    "JSON called a form": (_FORM, _json),
    "JSON called an image": ("image/png", _json),
    "JSON called protobuf": ("application/x-protobuf", _json),
    "JSON of a vendor": ("application/vnd.api+json", _json),
    "JSON after a long text": (_J, lambda s: f'{{"text": "{"x" * 60_000}", "password": "{s}"}}'),
    "JSON cut after the secret": (_J, lambda s: f'{{"password": "{s}", "t": "{"x" * 70_000}"}}'),
    "JSON cut at the secret": (_J, lambda s: f'{{"t": "{"x" * 65_502}", "password": "{s}"}}'),
}


def _separated(separator: str) -> _Make:
    return lambda s: f"age{separator}password\n37{separator}{s}\n38{separator}{s}\n"


_TABLES: dict[str, tuple[str, _Make]] = {
    "CSV": ("text/csv", _separated(",")),
    "CSV by semicolon": ("text/csv", _separated(";")),
    "CSV by bar": ("text/csv", _separated("|")),
    "TSV": ("text/tab-separated-values", _separated("\t")),
    "CSV of one column": ("text/csv", lambda s: f"password\n{s}\n"),
    "CSV with quotes": ("text/csv", lambda s: f'"age","password"\r\n"37","{s}"\r\n'),
    "CSV with a byte-order mark": ("text/csv", lambda s: f"\ufeffpassword,age\n{s},37\n"),
    "CSV of a spreadsheet": ("text/csv", lambda s: f"sep=;\nage;password\n37;{s}\n"),
    "CSV of a comment": ("text/csv", lambda s: f"# export\nage,password\n37,{s}\n"),
    "CSV called text": ("text/plain", _separated(",")),
    "CSV with a text of lines": ("text/csv", lambda s: f'note,password\n"a\nb",{s}\n'),
    "Markdown table": ("text/markdown", lambda s: f"| age | password |\n|--|--|\n| 37 | {s} |\n"),
    "fixed width": ("text/plain", lambda s: f"age  password\n37   {s}\n"),
    "libsvm": ("text/libsvm", lambda s: f"1 age:37 password:{s}\n"),
}

_X = "application/xml"

_MARKUP: dict[str, tuple[str, _Make]] = {
    "XML": (_X, lambda s: f"<login><age>37</age><password>{s}</password></login>"),
    "XML attribute": (_X, lambda s: f'<login age="37" password="{s}"/>'),
    "XML CDATA": (_X, lambda s: f"<password><![CDATA[{s}]]></password>"),
    "XML namespace": (_X, lambda s: f'<m:password xmlns:m="urn:m">{s}</m:password>'),
    "XML entity": (_X, lambda s: f"<p&#97;ssword>{s}</p&#97;ssword>"),
    "XML name beside": (_X, lambda s: f'<field name="password">{s}</field>'),
    "XML name and value": (_X, lambda s: f'<param name="password" value="{s}"/>'),
    "SOAP": (
        "application/soap+xml",
        lambda s: f"<s:Envelope><s:Body><Password>{s}</Password></s:Body></s:Envelope>",
    ),
    "XML-RPC": (
        "text/xml",
        lambda s: f"<member><name>password</name><value><string>{s}</string></value></member>",
    ),
    "property list": (_X, lambda s: f"<dict><key>password</key><string>{s}</string></dict>"),
    "HTML input": ("text/html", lambda s: f'<input name="password" value="{s}">'),
    "HTML meta": ("text/html", lambda s: f'<meta name="csrf-token" content="{s}">'),
    "HTML table": (
        "text/html",
        lambda s: f"<table><tr><th>password</th></tr><tr><td>{s}</td></tr></table>",
    ),
    "HTML data": ("text/html", lambda s: f'<div data-api-key="{s}"></div>'),
    "HTML link": ("text/html", lambda s: f'<a href="/p?a=1&amp;token={s}">a</a>'),
}

_P = "text/plain"


def _key(secret: str) -> str:
    return f"-----BEGIN RSA PRIVATE KEY-----\n{secret}\n{secret}\n-----END RSA PRIVATE KEY-----\n"


_PLAIN: dict[str, tuple[str, _Make]] = {
    "colon": (_P, lambda s: f"password: {s}"),
    "equals": (_P, lambda s: f"password = {s}"),
    "arrow": (_P, lambda s: f"password => {s}"),
    "walrus": (_P, lambda s: f"password := {s}"),
    "name in capitals": (_P, lambda s: f"PASSWORD {s}"),
    "on the next line": (_P, lambda s: f"Password:\n{s}\n"),
    "bearer": (_P, lambda s: f"Authorization: Bearer {s}"),
    "option": (_P, lambda s: f"login --password {s}"),
    "environment": (_P, lambda s: f"export DB_PASSWORD={s}\n"),
    "INI": (_P, lambda s: f"[db]\nuser = a\npassword = {s}\n"),
    "TOML": ("application/toml", lambda s: f'[db]\npassword = "{s}"\n'),
    "properties": (_P, lambda s: f"db.password={s}\n"),
    "netrc": (_P, lambda s: f"machine h login a password {s}\n"),
    "YAML": ("application/yaml", lambda s: f"user: a\npassword: {s}\n"),
    "YAML block": ("application/yaml", lambda s: f"password: |\n  {s}\n"),
    "YAML flow": ("application/yaml", lambda s: f"{{user: a, password: {s}}}\n"),
    "YAML list": ("application/yaml", lambda s: f"- name: password\n  value: {s}\n"),
    "logfmt": (_P, lambda s: f"level=info user=a password={s} ms=3"),
    "SQL": ("application/sql", lambda s: f"INSERT INTO u (age, password) VALUES (37, '{s}')"),
    "SQL condition": ("application/sql", lambda s: f"SELECT 1 FROM u WHERE password = '{s}'"),
    "LDIF": (_P, lambda s: f"dn: cn=a\nuserPassword: {s}\n"),
    "HTTP": ("message/http", lambda s: f"GET / HTTP/1.1\r\nX-Api-Key: {s}\r\n\r\n"),
    "curl": (_P, lambda s: f"curl -H 'X-Api-Key: {s}' https://h.example/"),
    "Python": (_P, lambda s: f"Login(user='a', password='{s}')"),
    "GraphQL": ("application/graphql", lambda s: f'mutation {{ login(password: "{s}") }}'),
    "URL": (_P, lambda s: f"https://h.example/p?token={s}"),
    "URL with userinfo": (_P, lambda s: f"postgres://a:{s}@db.example/x"),
    "list of URLs": (
        "text/uri-list",
        lambda s: f"https://h.example/\r\nhttps://a:{s}@h.example/\r\n",
    ),
    "connection string": (_P, lambda s: f"Server=db;User=a;Pwd={s};"),
    "private key": (_P, _key),
    "private key in JSON": ("application/json", lambda s: json.dumps({"text": f"see:\n{_key(s)}"})),
    "YAML block in JSON": (
        "application/json",
        lambda s: json.dumps({"t": f"pwd: |\n  a\n  {s}\n"}),
    ),
    "no type": ("", lambda s: f"password: {s}"),
    "binary type": ("application/octet-stream", lambda s: f"password: {s}"),
    "after a long text": (_P, lambda s: "word " * 12_000 + f"password: {s}"),
}
