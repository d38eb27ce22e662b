"""The corpus as files of other tools, for `modeltap import`."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable
from pathlib import Path

from logs import REQUEST, RESPONSE, captured, collected, record, write
from secret_corpus.live import Corpus
from secret_corpus.spellings import NAMES
from secret_corpus.visit import Visit


def write_rows(folder: Path, corpus: Corpus) -> Path:
    """Write a row for each document that is an object, as JSON Lines."""
    rows = [row for row in corpus.documents() if isinstance(row, dict)]
    return write(folder / "rows.jsonl", *rows)


def write_table(folder: Path, corpus: Corpus) -> Path:
    """Write a CSV table with a secret for each name, and columns of structured texts."""
    names = list(dict.fromkeys(NAMES))
    texts = {
        "payload": lambda s: json.dumps({"password": s}),
        "url": lambda s: f"https://h.example/?token={s}",
        "note": lambda s: f"password: {s}",
    }
    path = folder / "table.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["age", *names, *texts, "prediction"])
        for age in range(3):
            secrets = [corpus.secret(f"column {name}") for name in names]
            inner = [make(corpus.secret(f"column {name}")) for name, make in texts.items()]
            writer.writerow([age, *secrets, *inner, 0.5])
    return path


def write_sagemaker(folder: Path, corpus: Corpus) -> Path:
    """Write Data Capture records of all text bodies, as text and in base64."""
    lines = []
    for number, visit in enumerate(corpus.visits):
        try:
            text = visit.body.decode()
        except UnicodeDecodeError:
            continue
        answer = (visit.answer or b"{}").decode("utf-8", "replace")
        encoding = "BASE64" if number % 2 else "JSON"
        lines.append(captured(f"s{number}", text, answer, encoding=encoding, kind=visit.type))
    return write(folder / "capture.jsonl", *lines)


def write_kserve(folder: Path, corpus: Corpus) -> Path:
    """Write the logger's records of all bodies, including binary ones."""
    lines = []
    for number, visit in enumerate(corpus.visits):
        if is_recognized_by_header(visit):
            continue
        for kind, body in ((REQUEST, visit.body), (RESPONSE, visit.answer or visit.body)):
            line = record(f"k{number}", kind, "", ContentType=visit.type)
            lines.append({**line, "Bytes": base64.b64encode(body).decode()})
    return write(folder / "records.jsonl", *lines)


def is_recognized_by_header(visit: Visit) -> bool:
    """Return True for a compressed body without magic number, as the logger omits headers."""
    headers = {**visit.answer_headers, **visit.headers}
    encoding, body = headers.get("content-encoding"), visit.answer or visit.body
    return encoding == "br" or (encoding == "deflate" and not body.startswith(b"\x78"))


def write_azureml(folder: Path, corpus: Corpus) -> Path:
    """Write the collector's events of all documents."""
    lines = [
        collected(kind, f"a{number}", [document])
        for number, document in enumerate(corpus.documents())
        for kind in ("model_inputs", "model_outputs")
    ]
    return write(folder / "inputs.jsonl", *lines)


WRITERS: dict[str, Callable[[Path, Corpus], Path]] = {
    "jsonl": write_rows,
    "csv": write_table,
    "sagemaker": write_sagemaker,
    "kserve": write_kserve,
    "azureml": write_azureml,
}
