"""Files to import that carry the corpus: tables, and the logs of other tools."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from logs import REQUEST, RESPONSE, captured, collected, record, write
from secret_corpus.visit import JSON, Visit

_ANSWER = '{"predictions": [1]}'


def objects_of(visits: Iterable[Visit]) -> list[dict[str, object]]:
    """Return the bodies of `visits` that are JSON objects."""
    found: list[dict[str, object]] = []
    for visit in visits:
        with suppress(ValueError, RecursionError):
            document = json.loads(visit.body)
            if isinstance(document, dict):
                found.append(document)
    return found


def texts_of(visits: Iterable[Visit]) -> list[tuple[str, str]]:
    """Return the bodies of `visits` that are text, and their content types."""
    found = []
    for visit in visits:
        with suppress(UnicodeDecodeError):
            found.append((visit.body.decode(), visit.type))
    return found


def rows(folder: Path, visits: list[Visit]) -> list[Path]:
    """Write JSON Lines: each object a row."""
    return [write(folder / "rows.jsonl", *objects_of(visits))]


def text_columns(folder: Path, visits: list[Visit]) -> list[Path]:
    """Write JSON Lines with a column of texts that are JSON."""
    lines = [{"age": 37, "event": json.dumps(one)} for one in objects_of(visits)]
    return [write(folder / "events.jsonl", *lines)]


def csv_text_column(folder: Path, visits: list[Visit]) -> list[Path]:
    """Write a CSV file with a column of texts that are JSON."""
    path = folder / "events.csv"
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["age", "event"])
        table.writerows([37, json.dumps(one)] for one in objects_of(visits))
    return [path]


def csv_columns(folder: Path, visits: list[Visit]) -> list[Path]:
    """Write CSV files whose columns have the names of the objects' members."""
    paths = []
    for number, document in enumerate(objects_of(visits)):
        paths.append(folder / f"{number}.csv")
        # A field name may hold a line end or quotes: the module quotes it.
        with paths[-1].open("w", newline="", errors="replace") as file:
            table = csv.DictWriter(file, list(document))
            table.writeheader()
            table.writerow({name: _cell(value) for name, value in document.items()})
    return paths


def parquet(folder: Path, visits: list[Visit]) -> list[Path]:
    """Write a Parquet file whose columns have the names of the objects' members."""
    import pyarrow
    import pyarrow.parquet

    documents = objects_of(visits)
    names = list({name: None for one in documents for name in one})
    table = {_whole(name): [_cell(one.get(name)) for one in documents] for name in names}
    pyarrow.parquet.write_table(pyarrow.table(table), folder / "rows.parquet")
    return [folder / "rows.parquet"]


def _cell(value: object) -> str | None:
    return None if value is None else _whole(value if isinstance(value, str) else json.dumps(value))


def _whole(text: str) -> str:
    """Return text with whole characters: half of one has no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def sagemaker(folder: Path, visits: list[Visit]) -> list[Path]:
    """Write Data Capture: requests in one half of the lines, responses in the other."""
    lines = []
    for number, (body, kind) in enumerate(texts_of(visits)):
        encoding = "BASE64" if number % 3 == 0 else "JSON"
        sides = (body, _ANSWER) if number % 2 else (_ANSWER, body)
        lines.append(captured(f"e{number}", *sides, encoding=encoding, kind=kind))
    return [write(folder / "capture.jsonl", *lines)]


def kserve(folder: Path, visits: list[Visit]) -> list[Path]:
    """Write what the logger leaves in a bucket, whatever the bodies are."""
    lines = []
    for number, visit in enumerate(visits):
        kinds = {REQUEST: visit.body, RESPONSE: _ANSWER.encode()}
        if number % 2:
            kinds = {REQUEST: b'{"instances": [[1]]}', RESPONSE: visit.body}
        for kind, body in kinds.items():
            type_ = visit.type if body is visit.body else JSON
            encoded = base64.b64encode(body).decode()
            lines.append(record(f"k{number}", kind, "", Bytes=encoded, ContentType=type_))
    return [write(folder / "kserve.jsonl", *lines)]


def azureml(folder: Path, visits: list[Visit]) -> list[Path]:
    """Write the data collector's inputs and outputs."""
    lines = []
    for number, document in enumerate(objects_of(visits)):
        data = [[document], [{"score": 1}]]
        for kind, rows_ in zip(("model_inputs", "model_outputs"), data, strict=True):
            lines.append(collected(kind, f"c{number}", rows_))
    return [write(folder / "azureml.jsonl", *lines)]


FILES: dict[str, Callable[[Path, list[Visit]], list[Path]]] = {
    make.__name__: make
    for make in (
        rows,
        text_columns,
        csv_text_column,
        csv_columns,
        parquet,
        sagemaker,
        kserve,
        azureml,
    )
}
