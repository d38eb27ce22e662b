"""Parquet bodies, which MLflow accepts. Needs the extra `parquet` (pyarrow)."""

from __future__ import annotations

from modeltap.errors import InputError
from modeltap.hookspecs import hookimpl
from modeltap.ingest.files.parquet import has_pyarrow, rows_in
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.inputs import CUT, MAX_ROWS, bounded
from modeltap_protocols._shared.replies import pair_response

_MAGIC = b"PAR1"


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the four bytes at the beginning and end of each Parquet file."""
    body = payload.request
    if not isinstance(body, bytes) or not body.startswith(_MAGIC):
        return None
    if payload.request_truncated or not body.endswith(_MAGIC):
        return Decoded(note=CUT)
    if not has_pyarrow():
        return Decoded(note="request: Parquet needs modeltap[parquet]")
    try:
        rows = rows_in(body, MAX_ROWS)
    except InputError as error:
        return Decoded(note=f"request: {error}")
    return pair_response(bounded(rows), payload, "predictions")
