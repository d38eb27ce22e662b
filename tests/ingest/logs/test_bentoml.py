"""BentoML's monitor logs, as BentoML 1.4 wrote them."""

from __future__ import annotations

import json

import pytest

from command import lines, modeltap

# From a service that answered two requests, of two rows and of one.
SCHEMA = """\
{"meta_data": {"bento_name": "Iris", "bento_version": "not available"}, "columns": [\
{"name": "sepal length", "role": "feature", "type": "numerical"}, \
{"name": "petal length", "role": "feature", "type": "numerical"}, \
{"name": "species", "role": "prediction", "type": "categorical"}]}
"""
DATA = """\
{"sepal length": 5.1, "petal length": 1.4, "species": "setosa", \
"timestamp": "2026-11-25T17:08:21.601127", "request_id": "3289177742338641465", \
"trace_id": "284529038910284552734788173437691514260"}
{"sepal length": 6.3, "petal length": 6.0, "species": "virginica", \
"timestamp": "2026-11-25T17:08:21.601127", "request_id": "3289177742338641465", \
"trace_id": "284529038910284552734788173437691514260"}
{"sepal length": 4.9, "petal length": 1.5, "species": "setosa", \
"timestamp": "2026-11-25T17:08:21.624409", "request_id": "10920400826286419874", \
"trace_id": "12003414199615022686665211677889083006"}
"""
# Outside a request.
ALONE = """\
{"sepal length": 5.1, "petal length": 1.4, "species": "setosa", \
"timestamp": "2026-11-25T16:38:59.910123", "request_id": "None", "trace_id": "0"}
"""


@pytest.fixture
def log(tmp_path):
    """A worker's data, with its schema where BentoML puts it."""
    for name, text in (("schema/schema.1.log", SCHEMA), ("data/data.1.log", DATA)):
        file = tmp_path / "monitoring" / "iris" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return file


def test_rows_have_the_roles_of_the_schema(log, store, read_rows):
    """Found by its content; times and the caller's ids are kept."""
    said = modeltap("import", log, "--model", "iris", "--store", store)
    assert "3 rows imported" in said
    first, _, third = read_rows(store)
    assert json.loads(first["request_body"]) == {"sepal length": 5.1, "petal length": 1.4}
    assert json.loads(first["response_body"]) == {"prediction": "setosa"}
    assert (first["source"], first["event_time"]) == ("bentoml", "2026-11-25T17:08:21.601Z")
    assert int("2da581bad7374e39", 16) == int(first["request_id"])  # what the caller was told
    assert third["request_id"] == "10920400826286419874"


def test_a_log_that_grows_or_is_rotated_adds_what_is_new(log, store, read_rows):
    """Known rows stay known under another name."""
    modeltap("import", log, "--model", "iris", "--store", store)
    log.write_text(DATA + ALONE)
    said = lines(modeltap("import", log, "--model", "iris", "--store", store, "--json"))[0]
    assert (said["rows"], said["repeated"]) == (1, 3)
    rotated = log.rename(log.with_name("data.1.log.2026-11-25"))
    said = lines(modeltap("import", rotated, "--model", "iris", "--store", store, "--json"))[0]
    assert (said["rows"], said["repeated"]) == (0, 4)
    assert read_rows(store)[-1]["request_id"] is None


def test_without_its_schema_somebody_has_to_say(log, store, read_rows):
    """Which column is the prediction; and what is said wins."""
    (log.parent.parent / "schema" / "schema.1.log").unlink()
    error = modeltap("import", log, "--model", "iris", "--store", store, code=1)
    assert "no schema for 'data.1.log'" in error and "--prediction" in error
    assert not store.exists()
    modeltap(
        "import",
        log,
        "--model",
        "iris",
        "--store",
        store,
        "--prediction",
        "species",
        "--ignore",
        "petal length",
    )
    assert json.loads(read_rows(store)[0]["request_body"]) == {"sepal length": 5.1}


def test_a_target_is_a_label(log, store, read_rows):
    """And what has a role of its own is no feature."""
    schema = json.loads(SCHEMA)
    schema["columns"][1]["role"] = "target"
    schema["columns"].append({"name": "note", "role": "other", "type": "categorical"})
    (log.parent.parent / "schema" / "schema.1.log").write_text(json.dumps(schema) + "\n")
    log.write_text(DATA.replace('"timestamp"', '"note": "x", "timestamp"'))
    modeltap("import", log, "--model", "iris", "--store", store)
    assert json.loads(read_rows(store)[0]["request_body"]) == {"sepal length": 5.1}
    assert [row["value"] for row in read_rows(store, "select * from labels")] == [1.4, 6.0, 1.5]
