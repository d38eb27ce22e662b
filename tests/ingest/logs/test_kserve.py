"""KServe's logger: halves in any order and in any file, as JSON or as CloudEvents."""

from __future__ import annotations

import json
import time

import pytest

from logs import REQUEST, RESPONSE, record, write
from modeltap.errors import InputError
from modeltap.store import unmatched
from modeltap.store.connection import connect
from modeltap.store.pending_work import pending_work
from stores import analyze

ASKED, ANSWERED = '{"instances":[[1,2],[3,4]]}', '{"predictions":[0,1]}'


@pytest.mark.parametrize("first", [REQUEST, RESPONSE])
def test_halves_are_joined_in_either_order_and_over_files(tmp_path, store, put, read_rows, first):
    """One object a file, as a batch of one is written."""
    bodies = {REQUEST: ASKED, RESPONSE: ANSWERED}
    for number, kind in enumerate(sorted(bodies, key=lambda kind: kind != first)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(record("k1", kind, bodies[kind])))
        done, _ = put(path)
        assert done.waiting == 1 - number
    (row,) = read_rows(store)
    assert (row["request_body"], row["response_body"]) == (ASKED, ANSWERED)
    assert (row["source"], row["request_id"]) == ("kserve", "k1")
    assert (row["request_note"], row["response_note"]) == (None, None)
    assert (row["request_bytes"], row["response_bytes"]) == (len(ASKED), len(ANSWERED))
    assert read_rows(store, "select * from unmatched") == []


def test_an_array_is_read_document_by_document(tmp_path, store, put, read_rows):
    """Names in any case, bytes as JSON, and what is no record is named by its place."""
    path = tmp_path / "batch.json"
    lower = {name.lower(): value for name, value in record("k2", REQUEST, "").items()}
    lower["bytes"] = {"instances": [[1]]}
    path.write_text(
        json.dumps(
            [record("k1", REQUEST, ASKED), 5, lower, {"Id": "k3"}, record("k4", "other", "")],
            indent=1,
        )
    )
    done, source = put(path, unpaired=True)
    assert done.rows == 2
    assert source.broken == [
        "document 2: not a JSON object",
        "document 4: no ReqType",
        "document 5: type 'other' is neither org.kubeflow.serving.inference.request nor .response",
    ]
    assert [row["request_body"] for row in read_rows(store)] == [ASKED, '{"instances": [[1]]}']


def test_duplicates_add_nothing(tmp_path, store, put, read_rows):
    """While a half waits, and when its exchange is there."""
    request = write(tmp_path / "request.json", record("k1", REQUEST, ASKED))
    response = write(tmp_path / "response.json", record("k1", RESPONSE, ANSWERED))
    assert [put(request)[0].repeated for _ in range(2)] == [0, 1]
    put(response)
    assert put(request)[0].repeated == put(response)[0].repeated == 1
    assert len(read_rows(store)) == 1


def test_structured_events_tell_their_time(tmp_path, store, put, read_rows):
    """JSON as data, and bytes as base64."""
    event = {
        "specversion": "1.0",
        "id": "k1",
        "source": "http://x",
        "inferenceservicename": "iris",
        "datacontenttype": "application/json",
    }
    write(
        tmp_path / "events.jsonl",
        {**event, "type": REQUEST, "time": "2026-02-03T04:05:06.5Z", "data": {"instances": [[1]]}},
        {**event, "type": RESPONSE, "time": "2026-02-03T04:05:07Z", "data_base64": "eyJhIjogMX0="},
        {**event, "type": "com.example.other"},
        {"specversion": "1.0"},
    )
    done, source = put(tmp_path / "events.jsonl")
    assert (done.rows, source.broken_count) == (1, 2)
    (row,) = read_rows(store)
    assert row["event_time"] == row["started_at"] == "2026-02-03T04:05:06.500Z"
    assert (row["request_body"], row["response_body"]) == ('{"instances":[[1]]}', '{"a": 1}')


def test_a_half_that_waited_too_long_is_stored_alone_and_completed_later(
    tmp_path, store, put, read_rows, monkeypatch
):
    """By its arrival; a response that comes still later finds the exchange."""
    put(write(tmp_path / "request.json", record("k1", REQUEST, ASKED)))
    other = write(tmp_path / "other.json", record("k2", REQUEST, ASKED))
    assert put(other)[0].unpaired == 0
    monkeypatch.setattr(unmatched, "WAIT_SECONDS", -1.0)
    assert put(other)[0].unpaired == 2
    assert {row["response_note"] for row in read_rows(store)} == {"not seen"}
    done, _ = put(write(tmp_path / "response.json", record("k1", RESPONSE, ANSWERED)))
    assert (done.rows, done.completed, done.repeated) == (0, 1, 0)
    assert [row["response_body"] for row in read_rows(store)] == [ANSWERED, None]


def test_an_analysis_stores_what_waited_too_long(tmp_path, store, put, read_rows, monkeypatch):
    """Nobody has to import again; what waits for less stays."""
    put(write(tmp_path / "request.json", record("k1", REQUEST, ASKED)))
    analyze(store, {})
    assert read_rows(store) == []
    connection = connect(store)
    assert not pending_work(connection, time.time()).needs_analysis
    monkeypatch.setattr(unmatched, "WAIT_SECONDS", -1.0)
    assert pending_work(connection, time.time()).needs_analysis  # so a worker does begin one
    connection.close()
    assert analyze(store, {}).exchanges == 1
    (row,) = read_rows(store)
    assert (row["request_body"], row["response_note"]) == (ASKED, "not seen")
    assert read_rows(store, "select * from unmatched") == []


def test_half_a_character_in_an_id_or_a_header_ends_no_import(tmp_path, store, put, read_rows):
    """JSON can tell one, the store cannot hold it; the lines after it go in."""
    odd = record(
        "k\ud800", REQUEST, ASKED, Metadata={"Content-Encoding": ["\ud800"]}, ContentType="\ud800"
    )
    log = write(tmp_path / "log.jsonl", odd, record("k2", REQUEST, ASKED))
    assert put(log, model="m\ud800", unpaired=True)[0].rows == 2
    assert [(row["model"], row["request_id"]) for row in read_rows(store)] == [
        ("m?", "k?"),
        ("m?", "k2"),
    ]


def test_what_waits_is_masked(tmp_path, store, put):
    """The table of halves is on the disk, too."""
    put(write(tmp_path / "request.json", record("k1", REQUEST, '{"token": "unguessable-9"}')))
    for file in tmp_path.glob("taps.db*"):
        assert b"unguessable-9" not in file.read_bytes()


def test_what_waits_can_be_erased(tmp_path, store, put, read_rows):
    """A person's request that waits for its response goes with the rest."""
    from modeltap.privacy.erase import Subject, check_field, erase, matching

    for id_, user in (("k1", 7), ("k2", 8)):
        put(write(tmp_path / f"{id_}.json", record(id_, REQUEST, json.dumps({"user": user}))))
    connection = connect(store)
    check_field(connection, "m", Subject.parse("user=7"))
    with pytest.raises(InputError, match="no exchange of model 'm' has a field 'usre'"):
        check_field(connection, "m", Subject.parse("usre=7"))
    erase(connection, list(matching(connection, "m", Subject.parse("user=7"))))
    connection.close()
    assert [row["request_id"] for row in read_rows(store, "select * from unmatched")] == ["k2"]


def test_the_analysis_reads_them(tmp_path, store, put, read_rows):
    """As rows with their predictions."""
    put(
        write(
            tmp_path / "log.jsonl", record("k1", REQUEST, ASKED), record("k1", RESPONSE, ANSWERED)
        )
    )
    analyze(store, {})
    found = read_rows(store, "select row, prediction from predictions order by row")
    assert [tuple(row) for row in found] == [(0, 0), (1, 1)]
