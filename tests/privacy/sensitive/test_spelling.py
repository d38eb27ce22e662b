"""Normalization of the spelling of names."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from modeltap.privacy.sensitive.spelling import plain_letters, snake_case, spellings, split_at_case


@pytest.mark.parametrize(
    "name",
    [
        "userSsn",
        "UserSSN",
        "user_ssn",
        "user-ssn",
        "user.ssn",
        "user ssn",
        "USER__SSN",
        "[user][ssn]",
    ],
)
def test_words_are_found_for_any_way_of_joining_them(name):
    assert snake_case(name) == "user_ssn"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "ｐａｓｓｗｏｒｄ",
        "pаsswоrd",  # Cyrillic а and о
        "ραssword",  # Greek rho and alpha
        "p\u200bass\u00adword",
        "pásswörd",
        "𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝",
        "paſſword",
        "pass%77ord",
        "%2570assword",
        "pass&#119;ord",
    ],
)
def test_look_alike_letters_are_read_as_latin_ones(name):
    assert plain_letters(name) == "password"


def test_a_name_is_also_read_with_its_case_changes_ignored():
    assert spellings("pAsSword") == "p_as_sword password"
    assert spellings("age") == "age"
    assert split_at_case("HTTPServerKey2") == "HTTP_Server_Key2"


def test_a_name_with_too_many_levels_of_escapes_is_left_unchanged():
    once = "passw%6Frd"
    assert plain_letters(quote(quote(once))) == "password"
    assert plain_letters(quote(quote(quote(once)))) != "password"
