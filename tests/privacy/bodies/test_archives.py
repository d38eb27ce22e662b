"""Zip archives: names, comments and contents of their members."""

from __future__ import annotations

import gzip
import io
import zipfile

import numpy as np
import pytest

from modeltap.privacy.bodies.archives import members
from modeltap.privacy.limits import Budget
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


def archive_of(*contents):
    """Return an archive of files that are not compressed, or only as a whole."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        for number, content in enumerate(contents):
            file.writestr(str(number), content)
    return out.getvalue()


@pytest.mark.parametrize(
    "wrapped", [bytes, gzip.compress, lambda body: archive(content=body)], ids=["", "gzip", "zip"]
)
def test_the_decompressed_bytes_of_an_exchange_are_bounded(wrapped, monkeypatch):
    """Archives in archives, each within its limit, could keep the writer busy for a minute."""
    inflated = []
    monkeypatch.setattr(
        "modeltap.privacy.limits.Budget.spend_inflated",
        lambda budget, size, spend=Budget.spend_inflated: (
            inflated.append(size),
            spend(budget, size),
        ),
    )
    zeros = archive(content=bytes(900_000))
    many = wrapped(archive_of(*[zeros] * 50))
    masker = Masker()
    assert masker.body(many, "", "application/zip") == (None, "unmaskable")
    assert sum(inflated) < 10_000_000
    masker.begin()
    few = wrapped(archive_of(*[zeros] * 3))
    assert masker.body(few, "", "application/zip") == (few, None)


def test_the_contents_of_an_archive_are_bounded():
    with pytest.raises(ValueError, match="too many bytes"):
        list(members(archive(content="a" * 10_000), 1000))
