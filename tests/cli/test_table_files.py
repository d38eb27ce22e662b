"""Encodings of tables, and the notices that commands print about a file."""

from __future__ import annotations

import json

import pytest

from command import completed, lines, modeltap

WITHOUT_TIMES = (
    "all rows have the time of the import as their event time; name the column that has their "
    "times with --timestamp"
)


def errors_of(*words):
    """Run a successful command and return its standard error."""
    done = completed(*words)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


@pytest.mark.parametrize("command", ["import", "reference set", "label import"])
def test_replaced_characters_are_reported(tmp_path, store, command):
    """With their number and the option that fixes it."""
    (tmp_path / "ids.csv").write_text("id,x\n1,2\n2,3\n")
    modeltap("import", tmp_path / "ids.csv", "--model", "m", "--store", store, "--id", "id")
    path = tmp_path / "rows.csv"
    path.write_bytes("id,value\n1,größe\n2,süß\n".encode() + "3,weiß\n".encode("cp1252"))
    words = [*command.split(), *(["--file"] if command == "reference set" else []), path]
    words += ["--model", "m", "--store", store]
    others = [WITHOUT_TIMES] if command == "import" else []
    assert errors_of(*words) == [
        "could not decode 1 character as utf-8, replaced by U+FFFD; set the file's encoding, "
        "such as --encoding cp1251",
        *others,
    ]
    assert errors_of(*words, "--encoding", "cp1252") == others
    assert modeltap(*words, "--encoding", "shift_jiss", code=1).splitlines() == [
        "modeltap: --encoding 'shift_jiss' is not a text encoding; did you mean 'shift_jis'?"
    ]


def test_replaced_characters_fail_with_strict(tmp_path, store):
    path = tmp_path / "rows.csv"
    path.write_bytes("x\ngröße\nsüß\n".encode() + "weiß\n".encode("cp1252"))
    words = ["import", path, "--model", "m", "--store", store]
    (report,) = lines(modeltap(*words, "--json"))
    assert (report["rows"], report["broken"], report["replaced_characters"]) == (3, 0, 1)
    error = modeltap(*words, "--strict", code=1)
    assert error.splitlines()[-1] == "modeltap: 1 replaced character in 'rows.csv'"


def test_a_guessed_encoding_is_reported(tmp_path, store, read_rows):
    path = tmp_path / "rows.csv"
    path.write_bytes(("город,x\n" + "Москва,1\nКазань,2\n" * 20).encode("cp1251"))
    error, other = errors_of("import", path, "--model", "m", "--store", store)
    assert other == WITHOUT_TIMES
    assert error.startswith("read as cp1251, the encoding that best fits its letters")
    assert json.loads(read_rows(store)[0]["request_body"]) == {"город": "Москва", "x": 1}
