"""Encodings of files: by marks, by zeros, or by which one fits."""

from __future__ import annotations

import random

import pytest

from modeltap.errors import InputError
from modeltap.ingest.files.encoding import encoding_of, text_of
from modeltap.ingest.files.source import Source

TEXT = "Größe;Straße;Preis €\n" + "1,5;2;3\n" * 20


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
        "cp1252",
    ],
)
@pytest.mark.parametrize("before", [0, 300_000])
def test_a_file_is_read_in_its_encoding(tmp_path, encoding, before):
    """Wherever its first letter beyond ASCII is."""
    text = "a" * before + TEXT
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    found = encoding_of(Source(path))
    assert path.read_bytes().decode(found.name).removeprefix("\ufeff") == text
    assert found.broken == 0


def test_what_windows_does_not_know_is_latin(tmp_path):
    """Five of its bytes mean nothing."""
    (tmp_path / "a.csv").write_bytes(b"a\n\x81\xe9\n")
    assert encoding_of(Source(tmp_path / "a.csv")).name == "latin-1"


def test_the_beginning_of_a_file_is_text():
    assert text_of("a;b".encode("utf-16")) == text_of(b"a;b") == "a;b"


WORDS = {
    "Polish": "Łódź Kraków Gdańsk Wrocław żółty czerwony średni wysoki źle Łomża",
    "Czech": "Brno Plzeň Ústí Kladno žlutý červený ano nízký Třebíč šířka",
    "Hungarian": "Győr Pécs Szeged Miskolc zöld kék igen sárga fűtés",
    "Romanian": "Iaşi Braşov Galaţi roşu galben da Bucureşti înalt",
    "Croatian": "Šibenik Čakovec žuto crveno visoko Županja kuća",
    "German": "München Köln Berlin grün blau ja groß Düsseldorf",
    "French": "Orléans Nîmes bleu été forêt oui Besançon élevé",
    "Spanish": "Málaga Coruña León azul sí año niño rojo",
    "mixed": "München Málaga Besançon Århus Zürich Coruña",
    "Turkish": "İstanbul Ankara İzmir kırmızı mavi hayır Şanlıurfa yeşil",
    "Icelandic": "Reykjavík Akureyri Kópavogur nei rauður blár þorp hátt",
    "Lithuanian": "Vilnius Šiauliai Panevėžys žalia mėlyna taip didelė",
    "Russian": "Москва Казань Самара Омск красный синий зелёный да нет",
    "Ukrainian": "Київ Львів Одеса Харків так ні червоний її",
    "Bulgarian": "София Пловдив Варна Бургас червен зелен да не",
    "Greek": "Αθήνα Πάτρα Βόλος κόκκινο μπλε ναι όχι",
    "Japanese": "東京 大阪 京都 赤 青 はい いいえ カテゴリ 名古屋",
    "Chinese": "北京 上海 广州 红色 蓝色 是 否 深圳",
    "Taiwanese": "台北 高雄 台中 紅色 藍色 是 否",
    "Korean": "서울 부산 대구 빨강 파랑 아니오 인천",
}
ENCODINGS = {
    "Polish": ("cp1250", "iso8859-2", "cp852"),
    "Czech": ("cp1250", "iso8859-2"),
    "Hungarian": ("cp1250", "iso8859-2"),
    "Romanian": ("cp1250", "iso8859-2"),
    "Croatian": ("cp1250", "iso8859-2"),
    "German": ("cp1252", "latin-1", "cp850", "mac-roman"),
    "French": ("cp1252", "latin-1", "cp850", "mac-roman"),
    "Spanish": ("cp1252", "latin-1", "cp850"),
    "mixed": ("cp1252",),
    "Turkish": ("cp1254",),
    "Icelandic": ("cp1252",),
    "Lithuanian": ("cp1257",),
    "Russian": ("cp1251", "koi8-r", "cp866", "iso8859-5", "utf-16-le"),
    "Ukrainian": ("cp1251",),
    "Bulgarian": ("cp1251",),
    "Greek": ("cp1253", "iso8859-7"),
    "Japanese": ("shift_jis", "euc_jp", "utf-16-le", "utf-16-be", "utf-32-le"),
    "Chinese": ("gb18030", "utf-16-le", "utf-16-be"),
    "Taiwanese": ("big5", "utf-16-be"),
    "Korean": ("cp949", "utf-16-le"),
}


def table(language, seed, rows):
    """Return a table of numbers and words."""
    chance, words = random.Random(seed), WORDS[language].split()
    lines = (
        f"{n},{chance.random():.2f},{chance.choice(words)},{chance.choice(words)}"
        for n in range(rows)
    )
    return "\n".join(["id,amount,city,color", *lines])


@pytest.mark.parametrize("rows", [30, 500])
@pytest.mark.parametrize(
    ("language", "encoding"), [(name, one) for name, each in ENCODINGS.items() for one in each]
)
def test_words_of_a_language_show_the_encoding(tmp_path, language, encoding, rows):
    for seed in range(3):
        text = table(language, seed, rows)
        path = tmp_path / "a.csv"
        path.write_bytes(text.encode(encoding))
        found = encoding_of(Source(path))
        assert (path.read_bytes().decode(found.name), found.broken) == (text, 0)


def test_only_western_letters_are_no_guess(tmp_path):
    path = tmp_path / "a.csv"
    for language, is_guess in (("German", False), ("Polish", True), ("Russian", True)):
        encoding = ENCODINGS[language][0]
        path.write_bytes(table(language, 1, 50).encode(encoding))
        assert encoding_of(Source(path)).is_guess is is_guess


@pytest.mark.parametrize("declared", ["cp1251", "windows-1251", " CP1251 "])
def test_a_declared_encoding_is_taken(tmp_path, declared):
    path = tmp_path / "a.csv"
    path.write_bytes("а,б\n".encode("cp1251"))
    assert encoding_of(Source(path), declared)[:2] == ("cp1251", 0)


def test_characters_that_a_declared_encoding_does_not_know_are_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("größe,ä\n".encode("cp1252") * 100_000)
    assert encoding_of(Source(path), "utf-8").broken == 300_000


@pytest.mark.parametrize("declared", ["cp1521", "utf9", "base64", ""])
def test_an_unknown_encoding_is_an_error(tmp_path, declared):
    (tmp_path / "a.csv").write_text("a,b\n")
    with pytest.raises(InputError, match=r"is not a text encoding; (did you|available)"):
        encoding_of(Source(tmp_path / "a.csv"), declared)
