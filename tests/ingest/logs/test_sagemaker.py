"""SageMaker: what was captured, and what was right."""

from __future__ import annotations

import json

from logs import captured, truth, write
from modeltap.config.settings import Settings
from stores import analyze

LABELS = "select e.request_id, l.value from labels l join exchanges e on e.id = l.exchange_id"


def test_captures_become_exchanges_with_their_own_bodies(tmp_path, store, put, read_rows):
    """In each encoding; the content types, times and ids are the log's."""
    log = write(
        tmp_path / "capture.jsonl",
        captured("e1", "132,25,113.2", "0.014", encoding="CSV", kind="text/csv", inferenceId="i1"),
        captured("e2", '{"a": 1}', '{"prediction": 1}', encoding="BASE64"),
    )
    done, source = put(log)
    assert (done.rows, source.broken_count) == (2, 0)
    first, second = read_rows(store)
    assert (first["source"], first["path"], first["method"]) == (
        "sagemaker",
        "/invocations",
        "IMPORT",
    )
    assert (first["request_type"], first["request_body"]) == ("text/csv", "132,25,113.2")
    assert (first["response_body"], first["request_id"]) == ("0.014", "i1")
    assert first["event_time"] == first["started_at"] == "2026-01-05T10:00:00.000Z"
    assert (second["request_body"], second["request_id"]) == ('{"a": 1}', "e2")


def test_the_same_file_again_adds_nothing(tmp_path, store, put, read_rows):
    """Exchanges are known by their event, labels by their file and line."""
    log = write(tmp_path / "capture.jsonl", captured("e1", "{}", "{}", inferenceId="i1"))
    right = write(tmp_path / "truth.jsonl", truth("i1", "1"))
    for _ in range(2):
        put(log)
        done, _ = put(right)
    assert (done.labels, done.repeated) == (0, 1)
    assert len(read_rows(store)) == len(read_rows(store, "select * from labels")) == 1


def test_labels_find_exchanges_that_come_before_or_after_them(tmp_path, store, put, read_rows):
    """By the inference id where there is one, else by the event's; numbers are numbers."""
    right = write(tmp_path / "truth.jsonl", truth("i1", "0.5"), truth("e2", "yes"))
    log = write(
        tmp_path / "capture.jsonl",
        captured("e1", '{"a": 1}', '{"prediction": 1}', inferenceId="i1"),
        captured("e2", '{"a": 2}', '{"prediction": 1}'),
    )
    done, _ = put(right)
    assert (done.labels, done.waiting_labels) == (2, 2)
    put(log)
    found = {row[0]: row[1] for row in read_rows(store, LABELS)}
    assert found == {"i1": 0.5, "e2": "yes"}
    done, _ = put(write(tmp_path / "later.jsonl", truth("i1", "0.7")))
    assert (done.labels, done.waiting_labels) == (1, 0)
    assert put(right)[0].labels == 0  # though they waited under another id
    assert [row[1] for row in read_rows(store, f"{LABELS} order by l.seq")] == ["yes", 0.5, 0.7]


def test_what_no_label_can_be_is_named_and_large_numbers_are_texts(tmp_path, store, put, read_rows):
    """SQLite's integers have 64 bits; half a character is none in an id, either."""
    seen = [captured(f"e{n}", "{}", "{}", inferenceId=f"i{n}") for n in range(3)]
    log = write(tmp_path / "log.jsonl", captured("e\ud800", "{}", "{}"), *seen)
    right = write(
        tmp_path / "truth.jsonl",
        truth("e0", str(2**70)),
        truth("e1", "nan"),
        truth("e1", "-inf"),
        truth("i2", "gr\ud800n"),
        truth("e\ud800", "1"),
        truth("e1", str(-(2**63))),
    )
    put(log)
    done, source = put(right)
    assert (done.labels, done.waiting_labels) == (4, 0)
    assert source.broken == [
        "line 2: label nan is not a finite number",
        "line 3: label -inf is not a finite number",
    ]
    assert {row[0]: row[1] for row in read_rows(store, LABELS)} == {
        "e?": 1,
        "i0": str(2**70),
        "i1": -(2**63),
        "i2": "gr\ufffd\ufffd\ufffdn",
    }


def test_labels_are_masked_by_their_look(tmp_path, store, put, read_rows):
    """As texts in bodies are."""
    put(
        write(tmp_path / "log.jsonl", captured("e1", "{}", "{}"), truth("e1", "joe@example.com")),
        settings=Settings(mask_values=("email",)),
    )
    assert [row[1] for row in read_rows(store, LABELS)] == ["[masked]"]


def test_labels_that_came_first_count(tmp_path, store, put, read_rows):
    """The analysis finds them with their exchange."""
    count = 300
    put(write(tmp_path / "truth.jsonl", *(truth(f"i{n}", "1") for n in range(count))))
    log = [
        captured(
            f"e{n}",
            f'{{"a": {n}}}',
            '{"prediction": 1}',
            inferenceId=f"i{n}",
            inferenceTime=f"2026-01-05T{n // 60:02d}:{n % 60:02d}:00Z",
        )
        for n in range(count)
    ]
    put(write(tmp_path / "capture.jsonl", *log))
    analyze(
        store,
        {"reference": "first 120 rows", "min_rows": 20, "task": "classification"},
        include_open=True,
    )
    found = read_rows(store, "select value from metrics where metric = 'accuracy'")
    assert found and {row[0] for row in found} == {1.0}


def test_broken_lines_are_named_and_the_rest_goes_in(tmp_path, put):
    """By their number and what is wrong with them."""
    bad = captured("e2", "x", "y", encoding="BASE64")
    bad["captureData"]["endpointInput"]["data"] = "no base64!"
    log = write(
        tmp_path / "capture.jsonl",
        captured("e1", "{}", "{}"),
        "nonsense",
        "[1]",
        bad,
        {"captureData": {}, "eventMetadata": {"eventId": "e3"}},
        {"captureData": {}},
        {"groundTruthData": {"data": "1"}, "eventMetadata": {}},
        {"other": 1},
    )
    done, source = put(log)
    assert done.rows == 1
    assert source.broken == [
        "line 2: not valid JSON",
        "line 3: not a JSON object",
        "line 4: data is not valid base64, but its encoding is BASE64",
        "line 5: captureData has neither endpointInput nor endpointOutput",
        "line 6: no eventMetadata",
        "line 7: no eventMetadata.eventId",
        "line 8: no captureData",
    ]


def test_a_capture_of_one_side_is_kept_with_the_reason(tmp_path, store, put, read_rows):
    """Data Capture may be configured to leave one out; that is no pending request or response."""
    log = captured("e1", '{"a": 1}', "")
    del log["captureData"]["endpointOutput"]
    put(write(tmp_path / "capture.jsonl", log))
    (row,) = read_rows(store)
    assert (row["response_body"], row["response_note"]) == (None, "not seen")


def test_what_is_sensitive_is_masked_before_it_is_stored(tmp_path, store, put):
    """Also in base64; nothing of it is anywhere in the files."""
    secret = "hunter2-unguessable"
    body = json.dumps({"a": 1, "password": secret})
    put(write(tmp_path / "capture.jsonl", captured("e1", body, body, encoding="BASE64")))
    for file in tmp_path.glob("taps.db*"):
        assert secret.encode() not in file.read_bytes()
