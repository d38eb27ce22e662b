"""The how-to pages: their code is that of the examples, and their commands lead where they say."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

import modeltap
from followed_page import Reader, blocks_of
from modeltap.config.sources import load
from stores import read

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def blocks(page, language):
    """Return the code of a page's blocks."""
    return [b.code for b in blocks_of((DOCS / page).read_text()) if b.language == language]


EXAMPLES = {
    "fastapi": "fastapi_app.py",
    "flask": "flask_app.py",
    "django": "django_app/app.py",
    "mlflow": "mlflow_model/train.py",
    "bentoml": "bentoml_service/service.py",
    "litserve": "litserve_api/server.py",
}


@pytest.mark.parametrize(("page", "example"), EXAMPLES.items())
def test_a_page_shows_the_example_that_the_tests_run(page, example):
    """Word for word."""
    code = (ROOT / "examples" / example).read_text()
    assert code in blocks(f"frameworks/{page}.md", "python")


@pytest.mark.parametrize("text", blocks("seasons.md", "toml"))
def test_the_settings_for_seasons_are_valid(text, tmp_path):
    """Each block is a modeltap.toml."""
    (tmp_path / "modeltap.toml").write_text(text)
    load(environ={})


def recorded(store, count, model):
    """Record predictions; return their ids."""
    requests = [{"distance": 100.0 + number} for number in range(count)]
    ids = [
        modeltap.capture(model=model, request=request, response=20.0, store=store, analyze=False)
        for request in requests
    ]
    assert modeltap.flush(60)
    return ids


def test_labels_are_imported_from_a_warehouse(tmp_path):
    """Once each, however often the job runs; a correction is the last version."""
    ids = recorded("modeltap.db", 5, model="deliveries")
    with sqlite3.connect("warehouse.db") as warehouse:
        warehouse.execute("create table deliveries (order_id, minutes, delivered_at)")
        fill = "insert into deliveries values (?, ?, strftime('%Y-%m-%dT%H:%M:%S+00:00'))"
        warehouse.executemany(fill, [(exchange, 30.0 + n) for n, exchange in enumerate(ids)])
    (script,), commands = blocks("warehouse.md", "python"), blocks("warehouse.md", "sh")
    reader = Reader(tmp_path)
    reader.save("new_labels.py", script)
    assert "5 labels for deliveries, 0 with an unknown id" in reader.run(commands[0])
    reader.run(commands[0])
    labels = "select exchange_id, value from labels order by seq"
    assert [row["value"] for row in read("modeltap.db", labels)] == [30, 31, 32, 33, 34]
    with sqlite3.connect("warehouse.db") as warehouse:
        warehouse.execute("update deliveries set minutes = 99.0 where order_id = ?", [ids[0]])
    reader.run(commands[0])
    assert [row["value"] for row in read("modeltap.db", labels)][5:] == [99]


def test_stores_of_replicas_are_collected(tmp_path):
    """Each row once; a label with the replica's id finds it in the central store."""
    ids = recorded("one.db", 4, model="flights") + recorded("two.db", 3, model="flights")
    reader = Reader(tmp_path)
    export, collect = blocks("replicas.md", "sh")
    for number, store in ((1, "one.db"), (2, "two.db")):
        command = export.replace("/data/modeltap.db", store)
        reader.run(command.replace("replica-1", f"replica-{number}"))
    reader.run(collect)
    assert "0 rows imported for flights, 7 already stored" in reader.run(collect)
    (labelled,) = re.findall(r"`(modeltap label import .*?)`", (DOCS / "replicas.md").read_text())
    reader.save("labels.csv", "id,value\n" + "".join(f"{exchange},21\n" for exchange in ids))
    assert "7 labels for flights, 0 with an unknown id" in reader.run(labelled)
    rows = "select json_extract(request_body, '$.distance') distance from exchanges order by 1"
    distances = [row["distance"] for row in read(tmp_path / "central.db", rows)]
    assert distances == [100, 100, 101, 101, 102, 102, 103]
