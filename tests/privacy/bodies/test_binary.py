"""Names in binary bodies."""

from __future__ import annotations

import json

from modeltap.privacy.bodies.binary import head_names, json_end, parquet_footer


def test_a_truncated_parquet_file_has_no_footer():
    whole = b"PAR1" + b"cells" + b"names" + (5).to_bytes(4, "little") + b"PAR1"
    assert parquet_footer(whole) == "names"
    assert parquet_footer(whole[:-1]) is None and parquet_footer(b"PAR1") is None


def test_names_are_those_of_fields_and_tensors_at_any_depth():
    head = json.dumps(
        {"inputs": [{"name": "x", "parameters": {"token": 1}}], "id": "name"}
    ).encode()
    assert set(head_names(head + b"\xff\0")) == {"inputs", "name", "x", "parameters", "token", "id"}
    assert head_names(b"\xff") is None
    assert json_end(head + b"\xff\0") == len(head) and json_end(b"{") == 0
