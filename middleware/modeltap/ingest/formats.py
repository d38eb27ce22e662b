"""The format of a file, by its name and its beginning, and its reader."""

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
"""Readers of other tools' logs; the other formats are tables."""

FORMATS = ("csv", "jsonl", "parquet", EXCEL, "bentoml", *LOGS)

_PARQUET_MARK = b"PAR1"
_ZIP_MARK = b"PK\x03\x04"
_EXCEL_PARTS = (b"xl/", b"[Content_Types].xml")
"""Names of a workbook's files, one of which is the first in its archive."""


def format_of(path: str | Path, requested: str | None = None) -> str:
    """Return a file's format: the requested one if it fits, else what it looks like.

    Raises `InputError` for a file that is missing, of no known format, or not of the requested one.
    """
    source = open_source(path)
    looks = _guess(source)
    if requested is None or requested == looks:
        if looks in FORMATS:
            return looks
        raise InputError(
            f"file {source.path.name!r} has an unknown format: it looks like {looks}; use a .csv, "
            f".csv.gz, .jsonl, .jsonl.gz, .parquet or .xlsx file, or one of --format "
            f"{', '.join(FORMATS)}"
        )
    # Each log of JSON Lines is a table of JSON Lines, too; what a text is, only people know.
    is_json = looks in ("jsonl", "bentoml", *LOGS)
    if (requested == "jsonl" and is_json) or (requested == "csv" and looks == _TEXT):
        return requested
    if requested == "bentoml" and looks == "jsonl":
        return requested
    raise InputError(
        f"file {source.path.name!r} is not in format {requested}: it looks like {looks}"
        + (f"; use --format {looks}, or omit --format" if looks in FORMATS else "")
    )


_TEXT = "plain text"


def _guess(source: Source) -> str:
    start = head(source)
    if start.startswith(_PARQUET_MARK):
        return "parquet"
    if start.startswith(_ZIP_MARK) and any(one in start for one in _EXCEL_PARTS):
        return EXCEL
    if not start.strip():
        return KINDS.get(source.suffix, "an empty file")
    text = text_of(start).lstrip()
    if text[0] in "{[" and (looks := _guess_json(text)):
        return looks if looks != "jsonl" or _may_be(source, "jsonl") else "JSON"
    if _may_be(source, "csv") and "\0" not in text and KINDS.get(source.suffix) == "csv":
        return "csv"
    # By its name it is something; what reads it says what is wrong with it.
    return KINDS.get(source.suffix, "bytes" if "\0" in text else _TEXT)


def _may_be(source: Source, kind: str) -> bool:
    return KINDS.get(source.suffix, kind) == kind or source.suffix == ".csv"


def _guess_json(text: str) -> str:
    """Return the format of JSON by the names in its first document; empty where it is none."""
    names = _names(text)
    if {"captureData", "groundTruthData"} & names:
        return "sagemaker"
    if "specversion" in names:
        return "azureml" if re.search(r'"type":\s*"azureml\.', text) else "kserve"
    if {"reqtype", "bytes"} <= (low := {name.lower() for name in names}) or (
        {"url", "bytes"} <= low
    ):
        return "kserve"
    if set(bentoml.OWN_COLUMNS) <= names:
        return "bentoml"
    return "jsonl" if text[0] == "{" else "a JSON array"


def _names(text: str) -> set[str]:
    """Return the names of a document's fields; of one that is cut, of those that are there."""
    body = text.lstrip("[ \t\r\n")
    try:
        document, _ = json.JSONDecoder().raw_decode(body)
    except (ValueError, RecursionError):
        return set(re.findall(r'[{,]\s*"(\w+)"\s*:', body))
    return set(document) if isinstance(document, dict) else set()
