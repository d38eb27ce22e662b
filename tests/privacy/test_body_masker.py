"""No wrapping of a document hides the secret in it."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
import zlib

from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.masker import Masker

SECRET = "quokka77"


def zipped(body):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("rows.json", body)
    return out.getvalue()


def in_form(body, content_type, transfer=b""):
    head = b'--bound\r\nContent-Disposition: form-data; name="row"\r\nContent-Type: '
    head += content_type.encode() + transfer + b"\r\n\r\n"
    image = b"\r\n--bound\r\nContent-Disposition: form-data; name=i\r\n\r\n" + bytes(range(256))
    return head + body + image + b"\r\n--bound--\r\n"


WRAPPERS = {
    "gzip": lambda b, e, t: (gzip.compress(b), f"{e}, gzip" if e else "GZIP", t),
    "deflate": lambda b, e, t: (zlib.compress(b), f"{e}, deflate" if e else "deflate", t),
    "members": lambda b, e, t: (
        gzip.compress(b"") + gzip.compress(b),
        f"{e}, gzip" if e else "gzip",
        t,
    ),
    "silent": lambda b, e, t: (gzip.compress(b), "", "") if not e else (b, e, t),
    "zip": lambda b, e, t: (zipped(b), "", "application/zip") if not e else (b, e, t),
    "form": lambda b, e, t: (
        (in_form(b, t), "", "multipart/form-data; boundary=bound") if not e else (b, e, t)
    ),
    "base64": lambda b, e, t: (
        (
            in_form(base64.b64encode(b), t, b"\r\nContent-Transfer-Encoding: base64"),
            "",
            "multipart/mixed; boundary=bound",
        )
        if not e
        else (b, e, t)
    ),
}
CHARSETS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "gbk", "shift_jis", "cp037"]


def shows(kept):
    """Say whether the secret is in what is kept, in any of the charsets, however it is packed."""
    if kept is None:
        return False
    body = kept.encode() if isinstance(kept, str) else kept
    forms = [SECRET.encode(charset) for charset in ("utf-8", "utf-16-le", "utf-16-be", "cp037")]
    forms += [SECRET.encode("utf-32-be"), base64.b64encode(SECRET.encode())[:8]]
    return any(form in body for form in forms)


@given(
    st.sampled_from(["password", "userToken", "api_key", "cvv"]),
    st.sampled_from(CHARSETS),
    st.booleans(),
    st.lists(st.sampled_from(sorted(WRAPPERS)), max_size=3),
    st.dictionaries(st.text("abcxyz", min_size=1), st.integers() | st.text("xyz 密"), max_size=3),
)
def test_the_secret_never_is_in_what_is_kept(name, charset, declared, wrappers, others):
    """A body with a secret is masked or not kept, never kept as it came."""
    text = json.dumps({**others, name: SECRET}, ensure_ascii=False)
    body, encoding = text.encode(charset, "replace"), ""
    content_type = "application/json" + (f"; charset={charset}" if declared else "")
    for wrapper in wrappers:
        body, encoding, content_type = WRAPPERS[wrapper](body, encoding, content_type)
    kept, note = Masker().body(body, encoding, content_type)
    assert note in ("masked", "unmaskable") and not shows(kept)
