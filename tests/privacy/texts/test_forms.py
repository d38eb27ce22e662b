"""Forms: the values of sensitive names are masked, the others stay."""

from __future__ import annotations

import pytest

from modeltap.privacy.masker import Masker

FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("age=7&password=quokka77&b=1", "age=7&password=%5Bmasked%5D&b=1"),
        ("age=7;password=quokka77;b=1", "age=7;password=%5Bmasked%5D"),
        ("%70assword=quokka77&b=1", "%70assword=%5Bmasked%5D&b=1"),
        ("user%5Bpassword%5D=quok+ka77", "user%5Bpassword%5D=%5Bmasked%5D"),
        ("row=%7B%22pin%22%3A%22q1%22%7D", "row=%7B%22pin%22%3A%22%5Bmasked%5D%22%7D"),
        ("password=a=b&b=1", "password=%5Bmasked%5D&b=1"),
    ],
)
def test_pairs_are_masked_one_by_one(body, kept):
    assert Masker().body(body.encode(), "", FORM) == (kept, "masked")


def test_clean_forms_stay_and_dropped_pairs_go():
    assert Masker().body(b"a=%7e&token_count=3", "", FORM) == ("a=%7e&token_count=3", None)
    assert Masker(how="drop").body(b"a=1&token=x", "", FORM) == ("a=1", "masked")
