"""A file of a candidate's predictions: the columns `id` and `prediction`, and `score` and `row`.

Several outputs are an object, JSON text, or a column each: `prediction.price`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modeltap.analysis.model.baseline import is_unknown, number_of
from modeltap.comparison.candidates.candidate_outputs import (
    REPEATED,
    CandidateOutput,
    CandidateOutputs,
    RowId,
)
from modeltap.config.metrics import OUTPUT_PREFIX
from modeltap.decoding.outputs import storable_output
from modeltap.errors import InputError
from modeltap.ingest.files.cell_values import row_number
from modeltap.ingest.files.source import OnRead
from modeltap.ingest.files.table import Table, open_table

_NO_ID = "candidate rows without an id"
_NO_PREDICTION = "candidate rows without a prediction"
_NO_ROW = "candidate rows with an invalid row number"
_BROKEN = "unreadable lines of the candidate file"


def read_candidate_file(path: str | Path, on_read: OnRead = lambda _: None) -> CandidateOutputs:
    """Return the predictions in a CSV, JSON Lines, Parquet or Excel file.

    Rows that cannot be used are left out and counted. A row that occurs twice with the same
    prediction counts once.

    Raises `InputError` if the file or one of the columns `id` and `prediction` is missing, if a row
    occurs twice with different predictions, and if no row can be used.
    """
    table = open_table(path, on_read=on_read)
    table.require("id", "column")
    outputs = [name for name in table.columns if name.startswith(OUTPUT_PREFIX)]
    if not outputs or "prediction" in table.columns:
        table.require("prediction", "column")
        outputs = []
    table.keep_text("id")  # 000041 and 41 are different ids
    by_row: dict[RowId, CandidateOutput] = {}
    left_out: Counter[str] = Counter()
    for line, values in table.rows():
        if outputs:
            values = {**values, "prediction": _several(values, outputs)}
        reason = _reason(values)
        if reason is not None:
            left_out[reason] += 1
            continue
        key = (_id_of(values["id"]), row_number(values.get("row")) or 0)
        output = CandidateOutput(storable_output(values["prediction"]), _score(values.get("score")))
        before = by_row.setdefault(key, output)
        if before is not output:
            if before != output:
                raise _twice(table, line, key)
            left_out[REPEATED] += 1
    if table.broken_count:
        left_out[_BROKEN] = table.broken_count
    if not by_row:
        raise InputError(_unusable(table, left_out))
    return CandidateOutputs(str(path), by_row, left_out, notes=tuple(table.notices))


def _reason(values: Mapping[str, Any]) -> str | None:
    """Return why a row cannot be used; None if it can."""
    own_id, prediction = values.get("id"), values.get("prediction")
    if is_unknown(own_id) or not str(own_id).strip():
        return _NO_ID
    if is_unknown(prediction) or prediction == "":
        return _NO_PREDICTION
    return _NO_ROW if row_number(values.get("row")) is None else None


def _several(values: Mapping[str, Any], outputs: Sequence[str]) -> dict[str, Any] | None:
    """Return the outputs that have a column each; None if the row has none of them."""
    known = {
        name.removeprefix(OUTPUT_PREFIX): values.get(name)
        for name in outputs
        if not (is_unknown(values.get(name)) or values.get(name) == "")
    }
    return known or None


def _id_of(value: Any) -> str:
    """Return an id as text: an integer column with missing values was read as floats."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _score(value: Any) -> float | None:
    score = number_of(value)
    return score if score == score else None


def _twice(table: Table, line: int, key: RowId) -> InputError:
    own_id, row = key
    name = repr(table.path.name)
    if "row" in table.columns:
        return InputError(
            f"{name} line {line}: row {row} of id {own_id!r} occurs twice with different "
            "predictions; keep one of them"
        )
    return InputError(
        f"{name} line {line}: id {own_id!r} occurs twice with different predictions; keep one of "
        "them, or add the column `row` if the request has several rows"
    )


def _unusable(table: Table, left_out: Counter[str]) -> str:
    name = repr(table.path.name)
    if not left_out:
        return f"{name} has no rows; write one with `id` and `prediction` for each prediction"
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in left_out.most_common())
    return f"no row of {name} can be compared: {reasons}"
