"""Stems: found at any place, and nothing else is."""

from __future__ import annotations

import random

import pytest

from modeltap.privacy.sensitive.stems import STEMS, find_stem


@pytest.mark.parametrize("stem", STEMS)
def test_each_stem_is_found_alone_and_inside_a_text(stem):
    for text in (stem, f"aa{stem}", f"{stem}zz", f"kwpbhcs{stem}kwpbhcs", stem[:-1] + stem):
        assert find_stem(text.encode()) is not None, text


def test_a_text_has_a_stem_exactly_if_it_contains_one():
    """Against a plain search, in texts of whole and broken stems."""
    rng = random.Random(7)
    pieces = [stem[start:end] for stem in STEMS for start in (0, 1) for end in (-1, None)]
    letters = sorted(set("".join(STEMS)))
    results = set()
    for _ in range(20_000):
        text = "".join(rng.choice((rng.choice(pieces), rng.choice(letters))) for _ in range(3))
        contains = any(stem in text for stem in STEMS)
        assert (find_stem(text.encode()) is not None) == contains, text
        results.add(contains)
    assert results == {True, False}
