"""Zip archives: names, comments and contents of their members."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from modeltap.privacy.bodies.archives import members
from modeltap.privacy.masker import Masker


def archive(name="a.json", content='{"age": 7}', comment=b"", packed=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as file:
        file.writestr(name, content)
        file.comment = comment
    return out.getvalue()


def test_an_archive_without_a_sensitive_name_is_kept():
    clean = archive()
    arrays = io.BytesIO()
    np.savez_compressed(arrays, x=np.arange(500.0))
    for body in (clean, arrays.getvalue()):
        assert Masker().body(body, "", "application/zip") == (body, None)


@pytest.mark.parametrize(
    "body",
    [
        archive(content='{"password": "quokka77"}'),
        archive(content="<row><password>quokka77</password></row>"),
        archive(name="password=quokka77"),
        archive(comment=b"password=quokka77"),
        archive()[:-4],
    ],
)
def test_a_truncated_archive_or_one_with_a_sensitive_name_is_not_kept(body):
    assert Masker().body(body, "", "application/zip") == (None, "unmaskable")


def test_the_contents_of_an_archive_are_bounded():
    with pytest.raises(ValueError, match="too many bytes"):
        list(members(archive(content="a" * 10_000), 1000))
