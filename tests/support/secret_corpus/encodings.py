"""Encoded bodies: in other charsets, compressed, in parts, or next to binary data."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Iterator

from secret_corpus.visit import JSON, Route, Visit

_IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
"""Binary data without words."""

_FORM = "application/x-www-form-urlencoded"


def routes() -> list[Route]:
    """Return a route for each encoding."""
    return [*_charsets(), *_compressed(), *_multipart(), *_mixed()]


def _json(secret: str) -> str:
    return json.dumps({"age": 37, "password": secret})


def _charsets() -> Iterator[Route]:
    """Yield JSON, forms and text in charsets other than UTF-8, declared and not."""
    makers: dict[str, tuple[str, Callable[[str], str]]] = {
        "JSON": (JSON, _json),
        "JSON of umlauts": (JSON, lambda s: f'{{"städte": "中é", "password": "{s}"}}'),
        "form": (_FORM, lambda s: f"stadt=中é&password={s}"),
        "text": ("text/plain", lambda s: f"städte 中\npassword: {s}\n"),
        "CSV": ("text/csv", lambda s: f"städte,中,password\né,1,{s}\n"),
        "XML": ("application/xml", lambda s: f"<a><b>é中</b><password>{s}</password></a>"),
    }
    for charset in _CHARSETS:
        for name, (kind, make) in makers.items():
            yield _in_charset(f"{name} in {charset}", f"{kind}; charset={charset}", charset, make)
            yield _in_charset(f"{name} in {charset}, not declared", kind, charset, make)


_CHARSETS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-be",
    "gbk",
    "gb18030",
    "big5",
    "shift_jis",
    "euc-kr",
    "latin-1",
    "windows-1252",
    "koi8-r",
    "utf-8-sig",
    "iso-2022-jp",
    "utf-7",
)


def _in_charset(name: str, kind: str, charset: str, make: Callable[[str], str]) -> Route:
    return Route(
        f"charset: {name}", lambda secret: Visit(make(secret).encode(charset, "replace"), kind)
    )


def _compressed() -> Iterator[Route]:
    """Yield compressed JSON and text, with and without a content encoding."""
    for name, (encoding, squeeze) in _SQUEEZERS.items():
        yield _squeezed(f"{name}, JSON", encoding, JSON, squeeze, _json)
        yield _squeezed(f"{name}, form", encoding, _FORM, squeeze, lambda s: f"a=1&password={s}")
        yield _squeezed(f"{name}, text", encoding, "text/plain", squeeze, "password: {}".format)


def _squeezed(
    name: str,
    encoding: str,
    kind: str,
    squeeze: Callable[[bytes], bytes],
    make: Callable[[str], str],
) -> Route:
    headers = {"content-encoding": encoding} if encoding else {}
    return Route(
        f"compressed: {name}",
        lambda secret: Visit(squeeze(make(secret).encode()), kind, headers=headers),
    )


def _raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


def _brotli(data: bytes) -> bytes:
    import brotli

    return brotli.compress(data)


_CLEAN = b'{"age": 37}'

_SQUEEZERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip in capitals": ("GZIP", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "second member": ("gzip", lambda data: gzip.compress(_CLEAN) + gzip.compress(data)),
    "third member": ("gzip", lambda data: gzip.compress(b"") * 2 + gzip.compress(data)),
    "plain after a member": ("gzip", lambda data: gzip.compress(_CLEAN) + data),
    "zeros between members": (
        "gzip",
        lambda d: gzip.compress(_CLEAN) + bytes(9) + gzip.compress(d),
    ),
    "name in the gzip header": ("gzip", lambda data: _named_member(data)),
    "cut": ("gzip", lambda data: gzip.compress(data)[:-6]),
    "broken checksum": ("gzip", lambda data: gzip.compress(data)[:-8] + bytes(8)),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", _raw_deflate),
    "plain after deflate": ("deflate", lambda data: zlib.compress(_CLEAN) + data),
    "deflate after deflate": ("deflate", lambda data: zlib.compress(_CLEAN) + zlib.compress(data)),
    "twice": ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data))),
    "gzip and deflate": ("gzip, deflate", lambda data: zlib.compress(gzip.compress(data))),
    "identity and gzip": ("identity, gzip", gzip.compress),
    "brotli": ("br", _brotli),
    "zstd without data": ("zstd", lambda data: b"\x28\xb5\x2f\xfd" + data),
    "unknown": ("compress", lambda data: b"\x1f\x9d" + data),
    "called gzip": ("gzip", lambda data: data),
    "called deflate": ("deflate", lambda data: data),
    "called brotli": ("br", lambda data: data),
    "called identity": ("identity", lambda data: data),
    "called nothing, gzip": ("", gzip.compress),
    "called nothing, zlib": ("", zlib.compress),
    "more than fits": ("gzip", lambda data: gzip.compress(b" " * 3_000_000 + data)),
    "stored, not compressed": ("gzip", lambda data: gzip.compress(data, 0)),
}


def _named_member(data: bytes) -> bytes:
    """Return a gzip member with the text as the file name in its header."""
    plain = gzip.compress(_CLEAN)
    return plain[:3] + b"\x08" + plain[4:10] + data.replace(b"\0", b"") + b"\0" + plain[10:]


def _multipart() -> Iterator[Route]:
    """Yield multipart bodies: fields next to files, and secrets in parts of any kind."""
    field = b'form-data; name="password"'
    image = (b'form-data; name="file"; filename="a.png"\r\nContent-Type: image/png', _IMAGE)
    for name, parts in {
        "field alone": lambda s: [(field, s)],
        "field before a file": lambda s: [(field, s), image],
        "field after a file": lambda s: [image, (field, s)],
        "field between files": lambda s: [image, (field, s), image],
        "unquoted name": lambda s: [image, (b"form-data; name=password", s)],
        "name of RFC 5987": lambda s: [image, (b"form-data; name*=UTF-8''p%61ssword", s)],
        "name in capitals": lambda s: [image, (b'FORM-DATA; NAME="PASSWORD"', s)],
        "name with spaces": lambda s: [image, (b'form-data ; name = "password"', s)],
        "name after the file's": lambda s: [
            image,
            (b'form-data; filename="a"; name="password"', s),
        ],
        "name in brackets": lambda s: [image, (b'form-data; name="user[password]"', s)],
        "name escaped": lambda s: [image, (b'form-data; name="p%61ssword"', s)],
        "file of a secret": lambda s: [
            (b'form-data; name="private_key"; filename="k"', _IMAGE + s)
        ],
        "JSON part": lambda s: [image, (_typed("meta", JSON), _json(s.decode()).encode())],
        "JSON part without type": lambda s: [
            image,
            (b'form-data; name="meta"', _json(s.decode()).encode()),
        ],
        "JSON file": lambda s: [image, (_file("meta", "a.json", JSON), _json(s.decode()).encode())],
        "CSV file": lambda s: [
            image,
            (_file("rows", "a.csv", "text/csv"), b"age,password\n37," + s),
        ],
        "form part": lambda s: [image, (_typed("f", _FORM), b"a=1&password=" + s)],
        "text part": lambda s: [image, (b'form-data; name="text"', b"password: " + s)],
        "UTF-16 part": lambda s: [
            image,
            (_typed("t", "text/plain; charset=utf-16"), f"password: {s.decode()}".encode("utf-16")),
        ],
        "gzip part": lambda s: [
            image,
            (_file("rows", "a.gz", "application/gzip"), gzip.compress(_json(s.decode()).encode())),
        ],
        "base64 part": lambda s: [
            image,
            (field + b"\r\nContent-Transfer-Encoding: base64", base64.b64encode(s)),
        ],
        "base64 JSON part": lambda s: [
            image,
            (
                _typed("meta", JSON) + b"\r\nContent-Transfer-Encoding: base64",
                base64.b64encode(_json(s.decode()).encode()),
            ),
        ],
        "quoted-printable part": lambda s: [
            image,
            (
                b'form-data; name="t"\r\nContent-Transfer-Encoding: quoted-printable',
                b"p=61ssword: " + s,
            ),
        ],
        "file name": lambda s: [(b'form-data; name="f"; filename="token=' + s + b'"', _IMAGE)],
        "header of a part": lambda s: [
            (b'form-data; name="f"; filename="a"\r\nAuthorization: Bearer ' + s, _IMAGE)
        ],
        "URL part": lambda s: [image, (b'form-data; name="url"', b"https://h.example/?token=" + s)],
        "bytes beside the secret": lambda s: [image, (field, b"\xff\xfe\x00" + s)],
        "Latin-1 part": lambda s: [image, (field, b"\xe9" + s)],
    }.items():
        yield _parts(name, parts)
        yield _parts(f"{name}, cut", parts, cut=True)
        yield _parts(f"{name}, LF", parts, line_end=b"\n")
    yield _parts("called binary", lambda s: [image, (field, s)], kind="application/octet-stream")
    yield _parts("called nothing", lambda s: [image, (field, s)], kind="")
    yield _parts(
        "called form data alone", lambda s: [image, (field, s)], kind="multipart/form-data"
    )
    yield _parts(
        "another boundary", lambda s: [image, (field, s)], kind='multipart/form-data; boundary="c"'
    )
    yield _parts(
        "mixed",
        lambda s: [image, (_typed("m", JSON), _json(s.decode()).encode())],
        kind="multipart/mixed; boundary=b0",
    )
    yield _parts(
        "related",
        lambda s: [image, (_typed("m", JSON), _json(s.decode()).encode())],
        kind="multipart/related; boundary=b0",
    )
    yield _parts("field before much", lambda s: [(field, s), (image[0], _IMAGE * 40)])
    yield _parts("field after much", lambda s: [(image[0], _IMAGE * 31), (field, s)])
    yield _parts(
        "batch",
        lambda s: [
            image,
            (
                b'form-data; name="r"\r\nContent-Type: application/http',
                b"GET / HTTP/1.1\r\nAuthorization: Bearer " + s,
            ),
        ],
    )
    yield _parts(
        "parts in a part",
        lambda s: [
            image,
            (
                _typed("p", "multipart/mixed; boundary=b1"),
                b'--b1\r\nContent-Disposition: attachment; name="password"\r\n\r\n'
                + s
                + b"\r\n--b1--",
            ),
        ],
    )
    yield _parts(
        "before the first", lambda s: [image], before=lambda s: b"password: " + s + b"\r\n"
    )
    yield _parts("after the last", lambda s: [image], after=lambda s: b"password: " + s + b"\r\n")


def _typed(name: str, kind: str) -> bytes:
    return f'form-data; name="{name}"\r\nContent-Type: {kind}'.encode()


def _file(name: str, file: str, kind: str) -> bytes:
    return f'form-data; name="{name}"; filename="{file}"\r\nContent-Type: {kind}'.encode()


def _nothing(_: bytes) -> bytes:
    return b""


def _parts(
    name: str,
    make: Callable[[bytes], list[tuple[bytes, bytes]]],
    *,
    kind: str = "multipart/form-data; boundary=b0",
    line_end: bytes = b"\r\n",
    cut: bool = False,
    before: Callable[[bytes], bytes] = _nothing,
    after: Callable[[bytes], bytes] = _nothing,
) -> Route:
    def visit(text: str) -> Visit:
        secret = text.encode()
        parts = [
            b"--b0\r\nContent-Disposition: " + head + b"\r\n\r\n" + content + b"\r\n"
            for head, content in make(secret)
        ]
        body = before(secret) + b"".join(parts) + b"--b0--\r\n" + after(secret)
        return Visit((body[:-12] if cut else body).replace(b"\r\n", line_end), kind)

    return Route(f"multipart: {name}", visit)


def _mixed() -> Iterator[Route]:
    """Yield JSON with binary data before or after it."""
    tensor = bytes(range(0, 256, 3)) * 4
    for name, kind, make in (
        ("V2 with binary data", "application/octet-stream", lambda s: _binary_tensor(s)),
        ("JSON before bytes", "application/octet-stream", lambda s: _json(s).encode() + tensor),
        ("JSON before bytes, called JSON", JSON, lambda s: _json(s).encode() + tensor),
        ("bytes before JSON, called JSON", JSON, lambda s: tensor + _json(s).encode()),
        (
            "JSON with a byte that is not UTF-8",
            JSON,
            lambda s: b'{"a": "\xff", ' + _json(s).encode()[1:],
        ),
        (
            "JSON with many bytes that are not",
            JSON,
            lambda s: b'{"a": "' + b"\xff" * 500 + b'", ' + _json(s).encode()[1:],
        ),
        ("form with bytes", _FORM, lambda s: b"a=" + b"\xfe" * 300 + b"&password=" + s.encode()),
        ("text with bytes", "text/plain", lambda s: b"\xfe" * 300 + b"\npassword: " + s.encode()),
        (
            "text with a late byte",
            "text/plain",
            lambda s: b"a " * 3000 + b"\xfe\npassword: " + s.encode(),
        ),
        (
            "text after binary, called text",
            "text/plain",
            lambda s: _IMAGE * 3 + b"\npassword: " + s.encode(),
        ),
        (
            "events with bytes",
            "text/event-stream",
            lambda s: b"data: \xff\n\ndata: " + _json(s).encode() + b"\n\n",
        ),
        (
            "JSON Lines with bytes",
            "application/jsonl",
            lambda s: b'{"a": "\xff"}\n' + _json(s).encode() + b"\n",
        ),
    ):
        yield Route(f"mixed: {name}", lambda secret, k=kind, m=make: Visit(m(secret), k))


def _binary_tensor(secret: str) -> bytes:
    tensor = {"name": "password", "datatype": "BYTES", "shape": [1]}
    data = len(secret).to_bytes(4, "little") + secret.encode()
    return (
        json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": len(data)}}]}).encode()
        + data
    )
