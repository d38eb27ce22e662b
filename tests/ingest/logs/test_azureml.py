"""Azure ML's data collector: inputs and outputs in files of their own."""

from __future__ import annotations

import json

from logs import collected, write


def test_inputs_and_outputs_are_joined_by_their_correlation(tmp_path, store, put, read_rows):
    """Whatever the collection is called; each data frame is one exchange of N rows."""
    inputs = [{"AGE": 54, "SEX": 2}, {"AGE": 35, "SEX": 1}]
    put(
        write(
            tmp_path / "outputs.jsonl",
            collected("model_outputs", "c1", [{"y": 0}, {"y": 1}]),
            collected("outputs", "c2", [{"y": 1}]),
        )
    )
    done, _ = put(
        write(
            tmp_path / "inputs.jsonl",
            collected("model_inputs", "c1", inputs),
            collected("inputs", "c2", inputs[:1], modelversion="3"),
        )
    )
    assert (done.rows, done.waiting) == (2, 0)
    first, second = read_rows(store)
    assert json.loads(first["request_body"]) == inputs
    assert json.loads(first["response_body"]) == [{"y": 0}, {"y": 1}]
    assert (first["source"], first["request_id"]) == ("azureml", "c1")
    assert first["event_time"] == "2024-03-05T18:16:25.000Z"
    assert (first["version"], second["version"]) == ("", "3")


def test_payloads_of_the_request_itself(tmp_path, store, put, read_rows):
    """Payload logging tells the path; what lies in another file is named."""
    request = collected("request", "c1", {"input_data": [1]}, path="/score?size=1", method="POST")
    in_blob = collected(
        "request", "c2", "https://blob/x", datacontenttype="text/plain", datainblob="true"
    )
    done, source = put(
        write(tmp_path / "log.jsonl", request, in_blob, collected("signals", "c3", [])),
        unpaired=True,
    )
    assert done.rows == 1
    assert source.broken == [
        "line 2: its data is in a separate file (datainblob)",
        "line 3: type 'azureml.inference.signals' is neither inputs nor outputs",
    ]
    (row,) = read_rows(store)
    assert (row["path"], row["request_body"]) == ("/score", '{"input_data":[1]}')


def test_half_a_character_in_a_version_or_a_path_ends_no_import(tmp_path, store, put, read_rows):
    """JSON can tell one, the store cannot hold it; a version is no longer than a name may be."""
    done, _ = put(
        write(
            tmp_path / "log.jsonl",
            collected("inputs", "c1", [{"a": 1}], modelversion="\ud800", path="/\ud800"),
            collected("inputs", "c\ud800", [{"a": 1}], modelversion="3" * 300),
        ),
        unpaired=True,
    )
    assert done.rows == 2
    first, second = read_rows(store)
    assert (first["version"], first["path"]) == ("?", "/?")
    assert (second["version"], second["request_id"]) == ("3" * 200, "c?")


def test_the_same_files_again_add_nothing(tmp_path, store, put, read_rows):
    """Both halves are known."""
    log = write(
        tmp_path / "log.jsonl",
        collected("inputs", "c1", [{"a": 1}]),
        collected("outputs", "c1", [{"y": 1}]),
    )
    assert [put(log)[0].rows for _ in range(2)] == [1, 0]
    assert len(read_rows(store)) == 1
