"""Parquet files: values that JSON can write, and no more of them than fits."""

from __future__ import annotations

import datetime
import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modeltap.errors import InputError
from modeltap.ingest.files.parquet import parquet_chunks, parquet_columns, rows_in

COLUMNS = {
    "x": [1.5, float("nan"), None],
    "n": [1, 2, 3],
    "d": [datetime.date(2024, 5, 1)] * 3,
    "p": [Decimal("1.5")] * 3,
    "b": [b"a", b"", None],
    "deep": [[{"y": float("inf")}], [], None],
    "s": [datetime.timedelta(seconds=1.5)] * 3,
}


def body(columns, **options):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def test_values_are_such_as_json_has(tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_bytes(body(COLUMNS))
    numbered = [row for chunk in parquet_chunks(path) for row in chunk.rows()]
    rows = [row for _, row in numbered]
    assert [number for number, _ in numbered] == [1, 2, 3]
    assert rows == rows_in(path.read_bytes(), 3) and parquet_columns(path)[0] == list(COLUMNS)
    assert [row["x"] for row in rows] == [1.5, None, None]
    first = {"x": 1.5, "n": 1, "d": "2024-05-01", "p": 1.5, "b": "YQ==", "deep": [{"y": None}]}
    assert rows[0] == first | {"s": 1.5}
    json.dumps(rows, allow_nan=False)


def test_a_body_of_too_many_rows_or_bytes_is_refused():
    with pytest.raises(InputError, match="more than 2 rows"):
        rows_in(body({"x": [1, 2, 3]}), 2)
    bomb = body({"x": ["y" * 100_000] * 2000})
    assert len(bomb) < 1 << 20
    with pytest.raises(InputError, match="16 MB"):
        rows_in(bomb, 10_000)


def test_what_is_no_parquet_is_reported_by_its_name(tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=r"rows\.parquet' cannot be read as Parquet"):
        list(parquet_chunks(path))
    with pytest.raises(InputError, match=r"^cannot be read as Parquet$"):
        rows_in(b"x", 1)
    path.write_bytes(body({"x": pa.array([], pa.int64())}))
    assert parquet_columns(path)[0] == [] and list(parquet_chunks(path)) == []
