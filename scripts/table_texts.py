"""Write the descriptions of docs/reference/tables.md into the package, for Datasette.

python scripts/table_texts.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "middleware/modeltap/browsing/table_texts.json"


def table_texts() -> dict[str, Any]:
    """Return the description and the columns of each table and view, by name."""
    page = (ROOT / "docs/reference/tables.md").read_text()
    sections = re.split(r"^## ", page, flags=re.M)[1:]
    texts = {}
    for section in sections:
        name, _, body = section.partition("\n")
        if re.fullmatch(r"[a-z_]+", name):
            texts[name] = {"description": _description(body), "columns": _columns(body)}
    for text in texts.values():
        columns = text["columns"]
        columns.update({column: _meant(texts, column, columns[column]) for column in columns})
    return texts


def _meant(texts: dict[str, Any], column: str, text: str) -> str:
    """Return a column's own description for one that refers to the same column of a table."""
    reference = re.match(r"As in (\w+)[.:]", text)
    described = texts.get(reference[1], {}).get("columns", {}) if reference else {}
    return described.get(column, text)


def _description(body: str) -> str:
    paragraphs = re.split(r"\n\s*\n", body.strip())
    first = paragraphs[0] if paragraphs else ""
    return "" if first.startswith("|") else _plain(first)


def _columns(body: str) -> dict[str, str]:
    """Return the description of each column; a row of the page may describe several."""
    columns = {}
    for names, text in re.findall(r"^\| (`.*?) \| (.*) \|$", body.split("\n###")[0], re.M):
        for column in re.findall(r"`(\w+)`", names):
            columns[column] = _plain(text)
    return columns


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\[(.*?)\]\(.*?\)", r"\1", text).replace("`", "").split())


def text_of(texts: dict[str, Any]) -> str:
    """Return the file's content."""
    return json.dumps(texts, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text_of(table_texts()))
