"""Multipart bodies: each part by its name or its own type; binary parts to the byte."""

from __future__ import annotations

import pytest
from python_multipart import create_form_parser

from modeltap.privacy.masker import Masker
from modeltap.privacy.multipart import boundary_of, masked_parts

IMAGE = bytes(range(256)) * 4
TYPE = "multipart/form-data; boundary=XyZ"
masker = Masker()


def part(headers, content):
    return b"--XyZ\r\n" + headers.encode() + b"\r\n\r\n" + content + b"\r\n"


def field(name, content, more=""):
    return part(f'Content-Disposition: form-data; name="{name}"{more}', content)


FILE = field("image", IMAGE, '; filename="a.png"\r\nContent-Type: image/png')
END = b"--XyZ--\r\n"


def parsed(body):
    """Return fields and files as the parser of Starlette reads them."""
    found = {}

    def on_field(one):
        found[one.field_name] = one.value

    def on_file(one):
        one.file_object.seek(0)
        found[one.field_name] = one.file_object.read()

    parser = create_form_parser({"Content-Type": TYPE.encode()}, on_field, on_file)
    parser.write(body)
    parser.finalize()
    return found


def test_fields_beside_a_file_are_masked_and_the_file_stays():
    body = field("password", b"quokka77") + field("age", b"7") + FILE + END
    kept, note = masker.body(body, "", TYPE)
    assert note == "masked"
    assert parsed(kept) == {b"password": b"[masked]", b"age": b"7", b"image": IMAGE}


def test_a_clean_body_is_kept_to_the_byte():
    body = field("age", b"7") + FILE + END
    assert masker.body(body, "", TYPE) == (body, None)


NESTED = b"--in\r\nContent-Disposition: form-data; name=token\r\n\r\nquokka77\r\n--in--\r\n"


@pytest.mark.parametrize(
    "secret",
    [
        field("row", b'{"password": "quokka77"}', "\r\nContent-Type: application/json"),
        field("row", b'{"password": "quokka77"}'),
        field("note", b"password: quokka77"),
        field("user[password]", b"quokka77"),
        field("p%61ssword", b"quokka77"),
        part("content-disposition: form-data; name=password", b"quokka77"),
        part("Content-Disposition: form-data; name*=utf-8''p%61ssword", b"quokka77"),
        part('Content-Disposition: form-data;\r\n  name="password"', b"quokka77"),
        field("password", b"quokka77", "\r\nContent-Length: 8"),
        field("a", b"1", '; filename="password=quokka77.png"'),
        field("a", b"1", "\r\nX-Api-Key: quokka77"),
        field("a", b"cGFzc3dvcmQ9cXVva2thNzc=", "\r\nContent-Transfer-Encoding: base64"),
        field("a", NESTED, "\r\nContent-Type: multipart/mixed; boundary=in"),
    ],
)
def test_a_secret_in_a_part_is_not_kept(secret):
    kept, note = masker.body(secret + FILE + END, "", TYPE)
    assert note == "masked"
    assert b"quokka77" not in kept and b"cXVva2thNzc" not in kept
    assert IMAGE in kept and b"Content-Length" not in kept


@pytest.mark.parametrize("length", range(1, 120, 7))
def test_a_cut_body_keeps_no_secret(length):
    body = (field("age", b"7") + field("password", b"quokka77") + FILE)[:length]
    kept, note = masker.body(body, "", TYPE)
    assert kept is None or b"quok" not in (kept.encode() if isinstance(kept, str) else kept)
    assert note != "unmaskable" or kept is None


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (field("password", b"quokka77") + FILE + END, "multipart/form-data; boundary=other"),
        (field("password", b"quokka77") + FILE + END + b"rest", TYPE),
        (b"before\r\n" + field("password", b"quokka77") + FILE + END, TYPE),
        (field("password", b"q --XyZ quokka77") + FILE + END, TYPE),
    ],
)
def test_a_body_that_cannot_be_split_with_certainty_is_not_kept(body, content_type):
    assert masker.body(body, "", content_type) == (None, "unmaskable")


def test_a_form_without_a_declared_type_is_seen():
    kept, note = masker.body(field("password", b"quokka77") + FILE + END, "")
    assert note == "masked" and b"quokka77" not in kept
    assert boundary_of("", FILE) == b"XyZ"


def test_a_dropped_part_goes_with_its_name():
    kept, _ = Masker(how="drop").body(field("pin", b"12ab") + field("a", b"1") + END, "", TYPE)
    assert kept.encode() == field("a", b"1") + END


def test_empty_parts_are_split():
    assert masked_parts(field("a", b"") + END, b"XyZ", b"".join) == field("a", b"") + END
