"""Detection of a file's format by its name and content, and errors for unknown formats."""

from __future__ import annotations

import gzip
import json

import pytest

from command import modeltap
from logs import REQUEST, captured, collected, record, truth, write
from modeltap.errors import InputError
from modeltap.ingest.formats import format_of

EVENT = {"specversion": "1.0", "id": "1", "source": "/", "type": REQUEST, "data": {}}
MONITORED = {"a": 1, "timestamp": "2026-01-01T00:00:00", "request_id": "1", "trace_id": "2"}


@pytest.mark.parametrize(
    ("name", "document", "kind"),
    [
        ("a.jsonl", captured("e", "1,2", "0"), "sagemaker"),
        ("a.jsonl", truth("e", "1"), "sagemaker"),
        ("a-request.json", record("k", REQUEST, "{}"), "kserve"),
        ("a.json", [record("k", REQUEST, "{}")], "kserve"),
        ("a.json", [record("k", REQUEST, "x" * 100_000)], "kserve"),
        ("a.jsonl", EVENT, "kserve"),
        ("a.jsonl", collected("inputs", "c", []), "azureml"),
        ("data.1.log", MONITORED, "bentoml"),
        ("a.jsonl", {"x": 1, "y": 2}, "jsonl"),
    ],
)
def test_json_is_known_by_what_is_in_it(tmp_path, name, document, kind):
    """Whatever it is called, compressed or not, with a byte order mark or without."""
    text = json.dumps(document).encode()
    (tmp_path / name).write_bytes(text)
    assert format_of(tmp_path / name) == kind
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + text))
    assert format_of(tmp_path / f"{name}.gz") == kind


@pytest.mark.parametrize(
    ("name", "content", "said", "error"),
    [
        (
            "a.csv",
            "x,y\n1,2\n",
            "sagemaker",
            "'a.csv' is not in format sagemaker: it looks like csv",
        ),
        (
            "a.jsonl",
            '{"x": 1}\n',
            "kserve",
            "'a.jsonl' is not in format kserve: it looks like jsonl",
        ),
        ("a.jsonl", json.dumps(EVENT), "azureml", "is not in format azureml: it looks like kserve"),
        ("a.jsonl", '{"x": 1}\n', "csv", "is not in format csv: it looks like jsonl"),
        ("a.csv", "x,y\n1,2\n", "parquet", "is not in format parquet: it looks like csv"),
        ("a.json", '[{"x": 1}]', None, "has an unknown format: it looks like a JSON array"),
        ("a.txt", "hello\n", None, "has an unknown format: it looks like plain text"),
        ("a.log", "", None, "has an unknown format: it looks like an empty file"),
        ("a.bin", "\0\1", None, "has an unknown format: it looks like bytes"),
        ("a.csv.gz", "x,y\n", None, "'a.csv.gz' cannot be read: Not a gzipped file"),
    ],
)
def test_a_wrong_format_is_one_line(tmp_path, name, content, said, error):
    """That names the file and what it looks like."""
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=error.replace("[", r"\[")) as raised:
        format_of(tmp_path / name, said)
    assert "\n" not in str(raised.value)


def test_what_is_said_may_be_less_than_what_it_is(tmp_path):
    """A log of JSON Lines is a table of them, too; a text is CSV where somebody says so."""
    log = write(tmp_path / "a.log", MONITORED)
    assert format_of(log, "jsonl") == "jsonl"
    (tmp_path / "a.txt").write_text("x;y\n")
    assert format_of(tmp_path / "a.txt", "csv") == "csv"


def test_column_options_are_for_tables(tmp_path, store):
    """In a log the columns are the payload's; no store is made."""
    log = write(tmp_path / "a.jsonl", captured("e", "1,2", "0"))
    error = modeltap("import", log, "--model", "m", "--store", store, "--id", "x", code=1)
    assert error == "modeltap: --id applies to tables only; the format of 'a.jsonl' is sagemaker\n"
    assert not store.exists()
