"""Letters of languages: a codec fits where they are of one alphabet."""

from __future__ import annotations

import pytest

from modeltap.ingest.files.alphabets import cyrillic_encoding, latin_encoding


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("größe,Straße,5 €", "cp1252"),
        ("l’été,Nîmes,20 °C", "cp1252"),
        ("München,Málaga,Århus", "cp1252"),
        ("żółty,Łódź,średni", "cp1250"),
        ("żółty,Łódź,średni", "iso8859-2"),
        ("kırmızı,yeşil,İzmir", "cp1254"),
        ("größe,Straße", "cp850"),
    ],
)
def test_letters_of_one_language_show_the_codec(text, codec):
    assert latin_encoding(text.encode(codec)) == codec
    assert cyrillic_encoding(text.encode(codec)) is None


@pytest.mark.parametrize("codec", ["cp1251", "koi8-r", "cp866", "iso8859-5"])
@pytest.mark.parametrize("text", ["красный,зелёный,Москва", "ДА,НЕТ,КРАСНЫЙ", "Самара,Омск"])
def test_frequent_letters_show_the_codec(text, codec):
    assert cyrillic_encoding(text.encode(codec)) == codec
    assert latin_encoding(text.encode(codec)) is None


@pytest.mark.parametrize(("text", "codec"), [("東京,大阪", "cp932"), ("北京,上海", "gb18030")])
def test_other_scripts_fit_none(text, codec):
    assert latin_encoding(text.encode(codec)) is cyrillic_encoding(text.encode(codec)) is None
