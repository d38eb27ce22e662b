"""Secrets in paths, queries and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from secret_corpus.spellings import DISGUISED
from secret_corpus.visit import Route, Visit

_Make = Callable[[str], str]


def routes() -> list[Route]:
    """Return a route for each part of an address and each header."""
    return [*_targets(), *_headers(), *_answer_headers()]


def _targets() -> Iterator[Route]:
    for name, make in {**_PATHS, **_QUERIES}.items():
        yield Route(
            f"address: {name}", lambda secret, m=make: Visit(method="GET", target=m(secret))
        )
    for name, spelling in DISGUISED.items():
        escaped = "".join(f"%{byte:02X}" for byte in spelling.encode())
        yield Route(
            f"address: query parameter, {name}",
            lambda secret, n=escaped: Visit(method="GET", target=f"/predict?age=37&{n}={secret}"),
        )


_PATHS: dict[str, _Make] = {
    "path /token/": lambda s: f"/token/{s}",
    "path /tokens/": lambda s: f"/v1/tokens/{s}/rows",
    "path /token/ with an end": lambda s: f"/token/{s}/",
    "path /token//": lambda s: f"/token//{s}",
    "path /TOKEN/": lambda s: f"/TOKEN/{s}",
    "path /api_key/": lambda s: f"/api_key/{s}/predict",
    "path /apikey/": lambda s: f"/apikey/{s}",
    "path /api-keys/": lambda s: f"/api-keys/{s}",
    "path /password/": lambda s: f"/password/{s}",
    "path /reset-password/": lambda s: f"/reset-password/{s}",
    "path /secret/": lambda s: f"/secret/{s}",
    "path /session/": lambda s: f"/session/{s}/rows",
    "path /sessions/": lambda s: f"/sessions/{s}",
    "path /access_token/": lambda s: f"/access_token/{s}",
    "path /jwt/": lambda s: f"/jwt/{s}",
    "path /ssn/": lambda s: f"/ssn/{s}",
    "path /iban/": lambda s: f"/iban/{s}",
    "path /cards/number/": lambda s: f"/card_number/{s}",
    "path /%74oken/": lambda s: f"/%74oken/{s}",
    "path /token%2F": lambda s: f"/token%2F{s}",
    "path token=": lambda s: f"/a/token={s}/b",
    "path (token=)": lambda s: f"/users(token='{s}')/rows",
    "path ;token=": lambda s: f"/users/7;token={s}/rows",
    "path ;jsessionid=": lambda s: f"/users;jsessionid={s}",
    "path ;a=1;token=": lambda s: f"/users;a=1;token={s};b=2",
    "path ;token= escaped": lambda s: f"/users%3Btoken%3D{s}",
    "path of a URL": lambda s: f"/fetch/https://app:{s}@h.example/x",
    "path of an escaped URL": lambda s: f"/fetch/https%3A%2F%2Fh.example%2F%3Ftoken%3D{s}",
    "path &token=": lambda s: f"/fetch/a=1&token={s}",
    "path of JSON": lambda s: f"/filter/%7B%22password%22%3A%22{s}%22%7D",
    "path of a typed route": lambda s: f"/users/{s}/rows",
    "path twice escaped": lambda s: f"/token%252F{s}",
    "path with a fragment": lambda s: f"/a%23access_token={s}",
    "path with a question mark": lambda s: f"/a%3Ftoken={s}",
}

_QUERIES: dict[str, _Make] = {
    **{
        f"query {name}": lambda s, n=name: f"/predict?age=37&{n}={s}"
        for name in (
            "token",
            "access_token",
            "api_key",
            "apikey",
            "API-Key",
            "x-api-key",
            "password",
            "pwd",
            "secret",
            "client_secret",
            "auth",
            "session",
            "sid_token",
            "jwt",
            "signature",
            "X-Amz-Signature",
            "X-Amz-Security-Token",
            "X-Amz-Credential",
            "sig",
            "sessionId",
            "userSsn",
            "cardNumber",
            "cvv",
            "iban",
            "pin",
            "otp",
            "pass",
            "id_token",
            "csrf",
            "user[password]",
            "user%5Bpassword%5D",
            "password[]",
            "password[0]",
            "filter[token]",
            "user.password",
            "a[b][password]",
            "accessKey",
            "account_key",
            "credit_card",
            "p%61ssword",
            "amp;token",
            "?token",
            "%3Ftoken",
            "token%20",
            "token+",
            "token%00",
            "hapikey",
            "code_token",
            "subscription-key",
            "hub.verify_token",
            "auth_token",
            "bearer",
        )
    },
    "query of a lone secret": lambda s: f"/predict?token={s}",
    "query by semicolon": lambda s: f"/predict?age=37;token={s}",
    "query by escaped &": lambda s: f"/predict?a=1%26token%3D{s}",
    "query twice": lambda s: f"/predict?token=1&token={s}",
    "query with = in the secret": lambda s: f"/predict?token==a={s}",
    "query with two ?": lambda s: f"/predict?a=1?token={s}",
    "query with a fragment": lambda s: f"/predict?a=1%23access_token={s}",
    "query colon": lambda s: f"/predict?q=password:{s}",
    "query of JSON": lambda s: f"/predict?filter=%7B%22password%22%3A%22{s}%22%7D",
    "query of unescaped JSON": lambda s: f'/predict?filter={{"password":"{s}"}}',
    "query of a table": lambda s: (
        f"/predict?t=%7B%22columns%22:[%22token%22],%22data%22:[[%22{s}%22]]%7D"
    ),
    "query of a URL": lambda s: f"/predict?next=https://h.example/?token={s}",
    "query of an escaped URL": lambda s: f"/predict?next=https%3A%2F%2Fh.example%2F%3Ftoken%3D{s}",
    "query of a URL, escaped twice": lambda s: (
        f"/predict?next=https%253A%252F%252Fh%252F%253Ftoken%253D{s}"
    ),
    "query of userinfo": lambda s: f"/predict?dsn=postgres%3A%2F%2Fa%3A{s}%40db%2Fx",
    "query of a signed URL": lambda s: f"/predict?u=https%3A%2F%2Fb%2Fo%3FX-Amz-Signature%3D{s}",
    "query of a condition": lambda s: f"/predict?where=password%3D'{s}'",
    "query of OData": lambda s: f"/predict?$filter=password%20eq%20'{s}'",
    "query of GraphQL": lambda s: f"/graphql?query=%7Blogin(password:%22{s}%22)%7Bid%7D%7D",
    "query of GraphQL variables": lambda s: f"/graphql?variables=%7B%22token%22%3A%22{s}%22%7D",
    "query of a header": lambda s: f"/predict?h=Authorization%3A%20Bearer%20{s}",
    "query of an option": lambda s: f"/predict?cmd=login%20--password%3D{s}",
    "long query": lambda s: "/predict?" + "a=1&" * 500 + f"token={s}",
}

KEPT_HEADERS = (
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-key",
    "x-auth-token",
    "x-access-token",
    "x-csrf-token",
    "x-xsrf-token",
    "x-session-id",
    "x-vault-token",
    "x-amz-security-token",
    "x-goog-api-key",
    "x-functions-key",
    "ocp-apim-subscription-key",
    "x-gitlab-token",
    "private-token",
    "x-hub-signature-256",
    "webhook-signature",
    "x-secret",
    "x-password",
    "x-user-ssn",
    "x-ms-client-principal",
    "x-amzn-oidc-data",
    "authentication",
    "referer",
    "origin",
    "x-forwarded-uri",
    "x-original-url",
    "x-rewrite-url",
    "link",
    "forwarded",
    "x-data",
    "x-user",
    "baggage",
    "tracestate",
    "x-context",
    "via",
    "user-agent",
    "set-cookie",
    "location",
    "content-location",
    "refresh",
    "www-authenticate",
    "authentication-info",
    "warning",
    "x-debug",
    "content-disposition",
    "x-request-id",
    "traceparent",
)
"""Headers that an app captures: those with a sensitive name are masked anyway."""

_NAMED = KEPT_HEADERS[: KEPT_HEADERS.index("x-ms-client-principal")]

_VALUES: dict[str, tuple[str, _Make]] = {
    "referer": ("referer", lambda s: f"https://h.example/p?a=1&token={s}"),
    "referer's path": ("referer", lambda s: f"https://h.example/token/{s}"),
    "referer's userinfo": ("referer", lambda s: f"https://a:{s}@h.example/"),
    "origin's userinfo": ("origin", lambda s: f"https://a:{s}@h.example"),
    "forwarded URI": ("x-forwarded-uri", lambda s: f"/p?api_key={s}"),
    "original URL": ("x-original-url", lambda s: f"/p;token={s}"),
    "rewrite URL": ("x-rewrite-url", lambda s: f"/token/{s}"),
    "link": ("link", lambda s: f'<https://h.example/p?token={s}>; rel="next"'),
    "JSON": ("x-data", lambda s: f'{{"password": "{s}"}}'),
    "table": ("x-data", lambda s: f'{{"columns":["token"],"data":[["{s}"]]}}'),
    "pairs": ("x-user", lambda s: f"user=a; password={s}"),
    "pair by colon": ("x-user", lambda s: f"password: {s}"),
    "pair by comma": ("x-user", lambda s: f"user=a, token={s}"),
    "bearer": ("x-user", lambda s: f"Bearer {s}"),
    "baggage": ("baggage", lambda s: f"user=a,token={s}"),
    "trace state": ("tracestate", lambda s: f"a=1,token={s}"),
    "escaped": ("x-context", lambda s: f"a%3D1%26token%3D{s}"),
    "user agent": ("user-agent", lambda s: f"client/1 (token={s})"),
    "request id": ("x-request-id", lambda s: f"token={s}"),
    "request id of a URL": ("x-request-id", lambda s: f"https://h/?token={s}"),
    "request id of JSON": ("x-request-id", lambda s: f'{{"token":"{s}"}}'),
    "content type": ("content-type", lambda s: f"text/plain; token={s}"),
    "content type's boundary": (
        "content-type",
        lambda s: f"multipart/mixed; boundary=password={s}",
    ),
    "content encoding": ("content-encoding", lambda s: f"token={s}"),
    "trace parent": ("traceparent", lambda s: f"00-token={s}-01"),
}

_ANSWERED: dict[str, tuple[str, _Make]] = {
    "location": ("location", lambda s: f"https://h.example/cb?code_token={s}"),
    "location's fragment": ("location", lambda s: f"https://h.example/cb#access_token={s}"),
    "location's path": ("location", lambda s: f"/token/{s}"),
    "location's userinfo": ("location", lambda s: f"https://a:{s}@h.example/"),
    "location's signature": ("location", lambda s: f"https://b.example/o?X-Amz-Signature={s}"),
    "content location": ("content-location", lambda s: f"/p?token={s}"),
    "refresh": ("refresh", lambda s: f"0; url=/p?token={s}"),
    "cookie": ("set-cookie", lambda s: f"sid={s}; HttpOnly"),
    "link": ("link", lambda s: f"</p?token={s}>; rel=next"),
    "authenticate": ("www-authenticate", lambda s: f'Bearer realm="a", token="{s}"'),
    "authentication info": ("authentication-info", lambda s: f'nextnonce="{s}"'),
    "debug": ("x-debug", lambda s: f'{{"password": "{s}"}}'),
    "disposition": ("content-disposition", lambda s: f'attachment; filename="token={s}"'),
    "named": ("x-auth-token", lambda s: s),
    "content type": ("content-type", lambda s: f"text/plain; token={s}"),
}


def _headers() -> Iterator[Route]:
    for name in _NAMED:
        yield _header(f"header {name}", name, str)
    for name, (header, make) in _VALUES.items():
        yield _header(f"header's value: {name}", header, make)


def _header(name: str, header: str, make: _Make) -> Route:
    return Route(name, lambda secret: Visit(b'{"age": 37}', headers={header: make(secret)}))


def _answer_headers() -> Iterator[Route]:
    for name, (header, make) in _ANSWERED.items():
        yield Route(
            f"answer's header: {name}",
            lambda secret, h=header, m=make: Visit(
                b'{"age": 37}', answer=b"{}", answer_headers={h: m(secret)}
            ),
        )
