"""Parquet bodies: read with pyarrow, bounded, and named where it is missing."""

from __future__ import annotations

import io
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload
from samples import parquet


def decoded(request, **more):
    return Decoders().decode(Payload("/score", None, 200, request, "[1]", **more))


def written(table, **options):
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def test_more_rows_than_the_limit():
    """Detected at the file's end, before a row is read."""
    table = pa.table({"a": pa.array([0] * 100_001, pa.int8())})
    assert decoded(written(table)).note == "request: more than 100000 rows"


def test_a_few_bytes_that_stand_for_many():
    """One text of a megabyte in each of a thousand rows is in the file only once."""
    raw = written(pa.table({"a": pa.array(["x" * 1_000_000] * 1000)}))
    assert len(raw) < 200_000
    assert decoded(raw).note == "request: more than 16 MB of values"


@pytest.mark.parametrize("cut", [8, 50, -1])
def test_a_part_of_a_file_is_cut(cut):
    """Its end is its table of contents."""
    assert decoded(parquet({"a": [1]})[:cut]).note == "request: cut"


def test_what_only_begins_and_ends_as_one():
    """No error."""
    assert decoded(b"PAR1\xff\0\0\0PAR1").note == "request: cannot be read as Parquet"


def test_without_pyarrow_the_extra_is_named():
    """In a process where it cannot be found."""
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from modeltap.decoding.decoders import Decoders; from modeltap.payload import Payload\n"
        f"raw = {parquet({'a': [1]})!r}\n"
        "print(Decoders().decode(Payload('/', None, 200, raw, '[1]')).note)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "request: Parquet needs modeltap[parquet]"
