"""Confusion matrices and calibration curves of the latest windows, for `modeltap performance`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modeltap.config.metrics import OUTPUT_SEGMENT
from modeltap.output import cell, echo, echo_table, emit_json

CONFUSION, CURVE = "confusion_rate", "calibration_rate"
"""The metrics of which each row is a cell of a matrix, or a point of a curve."""

_WINDOW = ("model", "version", "environment", "window_start", "window_end")
_LABEL, _PREDICTED = "label=", ",predicted="


def emit_confusion(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print the confusion matrix of each window and output: a line a label, a column a prediction.

    Args:
        rows: metrics of the performance.
    """
    matrices = list(confusion_matrices(rows))
    if not matrices and not as_json:
        echo("no confusion matrix yet: it needs windows with labels of at most 20 classes")
    for matrix in matrices:
        if as_json:
            emit_json(matrix)
            continue
        classes = matrix["classes"]
        output = f", output {matrix['output']}" if matrix["output"] else ""
        echo(
            f"{matrix['model']}{output}, {cell(matrix['window_start'])} to "
            f"{cell(matrix['window_end'])}, {matrix['rows']:,} labelled rows"
        )
        lines = zip(classes, matrix["matrix"], strict=True)
        cells = [[f"label {name}", *(f"{count:,}" for count in line)] for name, line in lines]
        echo_table(cells, ["", *(f"predicted {name}" for name in classes)])


def confusion_matrices(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the confusion matrix of each window and output.

    `matrix` has a list for each label, with the counts of predictions in the order of `classes`.
    """
    windows: dict[tuple[Any, ...], dict[tuple[str, str], Mapping[str, Any]]] = {}
    for row in rows:
        if row["metric"] == CONFUSION:
            output, label, predicted = cell_of(row["segment"])
            key = (*(row[name] for name in _WINDOW), output)
            windows.setdefault(key, {})[label, predicted] = row
    for key, cells in windows.items():
        classes = sorted({name for pair in cells for name in pair})
        yield {
            **dict(zip((*_WINDOW, "output"), key, strict=True)),
            "rows": next(iter(cells.values()))["rows"],
            "classes": classes,
            "matrix": [
                [cells[label, name]["count"] if (label, name) in cells else 0 for name in classes]
                for label in classes
            ],
        }


def cell_of(segment: str) -> tuple[str | None, str, str]:
    """Return the output, the label and the prediction of a cell's segment.

    >>> cell_of("label=late,predicted=on time")
    (None, 'late', 'on time')
    >>> cell_of("output=risk,label=a,predicted=b")
    ('risk', 'a', 'b')
    """
    output = None
    if segment.startswith(OUTPUT_SEGMENT):
        output, _, segment = segment.removeprefix(OUTPUT_SEGMENT).partition(f",{_LABEL}")
        segment = _LABEL + segment
    label, _, predicted = segment.removeprefix(_LABEL).rpartition(_PREDICTED)
    return output, label, predicted
