"""Detection of a file's format from its name and its beginning; readers of logs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from modeltap.errors import InputError
from modeltap.ingest.entry import Entry
from modeltap.ingest.files.encoding import text_of
from modeltap.ingest.files.excel import EXCEL
from modeltap.ingest.files.source import Source, head, open_source
from modeltap.ingest.files.table import KINDS
from modeltap.ingest.logs import azureml, bentoml, kserve, sagemaker

LOGS: dict[str, Callable[[Source], Iterator[Entry]]] = {
    "sagemaker": sagemaker.read,
    "kserve": kserve.read,
    "azureml": azureml.read,
}
"""Readers of other tools' logs; all other formats are tables."""

FORMATS = ("csv", "jsonl", "parquet", EXCEL, "bentoml", *LOGS)

_PARQUET_MARK = b"PAR1"
_ZIP_MARK = b"PK\x03\x04"
_EXCEL_PARTS = (b"xl/", b"[Content_Types].xml")
"""Names of files in a workbook; one of them is the first in its archive."""


def format_of(path: str | Path, requested: str | None = None) -> str:
    """Return a file's format: the requested one if it is possible, else the detected one.

    Raises `InputError` if the file is missing, or has an unknown format or not the requested one.
    """
    source = open_source(path)
    detected = _guess(source)
    if requested is None or requested == detected:
        if detected in FORMATS:
            return detected
        raise InputError(
            f"file {source.path.name!r} has an unknown format: it looks like {detected}; use a "
            ".csv, .csv.gz, .jsonl, .jsonl.gz, .parquet or .xlsx file, or one of --format "
            f"{', '.join(FORMATS)}"
        )
    # Each log in JSON Lines is also a table in JSON Lines, and only the user knows the format of
    # other text.
    is_json = detected in ("jsonl", "bentoml", *LOGS)
    if (requested == "jsonl" and is_json) or (requested == "csv" and detected == _TEXT):
        return requested
    if requested == "bentoml" and detected == "jsonl":
        return requested
    raise InputError(
        f"file {source.path.name!r} is not in format {requested}: it looks like {detected}"
        + (f"; use --format {detected}, or omit --format" if detected in FORMATS else "")
    )


_TEXT = "plain text"


def _guess(source: Source) -> str:
    start = head(source)
    if start.startswith(_PARQUET_MARK):
        return "parquet"
    if start.startswith(_ZIP_MARK) and any(part in start for part in _EXCEL_PARTS):
        return EXCEL
    if not start.strip():
        return KINDS.get(source.suffix, "an empty file")
    text = text_of(start).lstrip()
    if text[0] in "{[" and (kind := _guess_json(text)):
        return kind if kind != "jsonl" or _may_be(source, "jsonl") else "JSON"
    if _may_be(source, "csv") and "\0" not in text and KINDS.get(source.suffix) == "csv":
        return "csv"
    # The name gives a format; its reader then reports any error.
    return KINDS.get(source.suffix, "bytes" if "\0" in text else _TEXT)


def _may_be(source: Source, kind: str) -> bool:
    return KINDS.get(source.suffix, kind) == kind or source.suffix == ".csv"


def _guess_json(text: str) -> str:
    """Return the format of JSON, detected from the names in its first document."""
    names = _names(text)
    if {"captureData", "groundTruthData"} & names:
        return "sagemaker"
    if "specversion" in names:
        return "azureml" if re.search(r'"type":\s*"azureml\.', text) else "kserve"
    lowered = {name.lower() for name in names}
    if {"reqtype", "bytes"} <= lowered or {"url", "bytes"} <= lowered:
        return "kserve"
    if set(bentoml.OWN_COLUMNS) <= names:
        return "bentoml"
    return "jsonl" if text[0] == "{" else "a JSON array"


def _names(text: str) -> set[str]:
    """Return the names of a document's fields; of a truncated document, those in its beginning."""
    body = text.lstrip("[ \t\r\n")
    try:
        document, _ = json.JSONDecoder().raw_decode(body)
    except (ValueError, RecursionError):
        return set(re.findall(r'[{,]\s*"(\w+)"\s*:', body))
    return set(document) if isinstance(document, dict) else set()
