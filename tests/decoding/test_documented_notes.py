"""The notes that docs/protocols.md explains are those that decoding writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload

PAGE = (Path(__file__).parents[2] / "docs/protocols.md").read_text()
NOTES = re.findall(r"`(.+?)`", PAGE.partition("## What the notes mean")[2])

TENSOR = '{"inputs": [{"name": "x", "shape": [2, 4], "datatype": "FP64", "data": [1,2,3,4,5,6,7]}]}'
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
LINES = "1,2,3,4,5\n1,2,3,4,5\n1,2,3,4\n"


@pytest.mark.parametrize(
    "payload",
    [
        Payload("/", None, 200, '{"instances": [[1], [2], [3]]}', '{"predictions": [1, 2]}'),
        Payload("/v2/models/m/infer", None, 200, TENSOR, '{"outputs": []}'),
        Payload("/", None, 200, LINES, "1\n2\n3", "text/csv"),
        Payload("/", None, 200, PNG, '{"prediction": 1}'),
        Payload("/", None, 200, '{"a": 1}', '{"status": "ok"}'),
        Payload("/", None, 200, '{"a": 1', '{"prediction": 1}', request_truncated=True),
        Payload("/", None, 200, '{"a": 1}', '{"prediction": ', response_truncated=True),
    ],
    ids=lambda payload: str(payload.request)[:20],
)
def test_a_body_that_cannot_be_decoded_has_a_documented_note(payload):
    """With the same numbers as on the page."""
    assert Decoders().decode(payload).note in NOTES
