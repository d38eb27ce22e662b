"""The receiver as a real server, and the cloudevents library's events."""

from __future__ import annotations

import concurrent.futures
import json
import os
import signal
import socket

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event

from command import modeltap
from events import event, post
from logs import REQUEST, RESPONSE

ASKED, ANSWERED = {"instances": [[1, 2]]}, {"predictions": [1]}


@pytest.mark.parametrize("encode", [to_binary_event, to_structured_event])
@pytest.mark.parametrize("first", [REQUEST, RESPONSE])
def test_halves_are_joined_in_either_order(receive, read_rows, store, encode, first):
    """In both modes; the model is the inference service's."""
    _, client = receive()
    bodies = {REQUEST: ASKED, RESPONSE: ANSWERED}
    for kind in sorted(bodies, key=lambda kind: kind != first):
        assert post(client, encode(event("k1", kind, bodies[kind]))).status_code == 202
    (row,) = read_rows(store)
    assert (row["model"], row["source"], row["method"]) == ("iris", "kserve", "EVENT")
    assert json.loads(row["request_body"]) == ASKED
    assert json.loads(row["response_body"]) == ANSWERED
    assert (row["request_id"], row["event_time"]) == ("k1", "2026-02-03T04:05:00.000Z")


def test_batches_duplicates_and_models(receive, read_rows, store):
    """An array of events is taken as a whole; the path wins over the event's own word."""
    _, client = receive()
    batch = [
        json.loads(to_structured_event(event(f"k{n}", kind, body)).body)
        for n in range(20)
        for kind, body in ((REQUEST, ASKED), (RESPONSE, ANSWERED))
    ]
    kind = {"content-type": "application/cloudevents-batch+json"}
    for _ in range(2):
        answer = client.post("/models/roses", content=json.dumps(batch), headers=kind)
        assert answer.status_code == 202
    assert [row["model"] for row in read_rows(store)] == ["roses"] * 20
    broken = client.post("/models/roses", content=json.dumps([*batch, {}]), headers=kind)
    assert (broken.status_code, broken.text) == (400, "not a CloudEvent: no id\n")


def test_what_is_no_event_is_refused_with_a_line(receive, read_rows, store):
    """400, and why; 413 above the size; 405 for what is no post."""
    _, client = receive("--max-bytes", "1000")
    plain = {"content-type": "application/json"}
    structured = {"content-type": "application/cloudevents+json"}
    other = to_binary_event(event("k1", "com.example.other", {}))
    nobodys = to_binary_event(event("k1", REQUEST, {}, inferenceservicename=""))
    assert (
        client.post("/", content="{}", headers=plain).text == "not a CloudEvent: no header ce-id\n"
    )
    assert (
        client.post("/", content="no", headers=structured).text
        == "not a CloudEvent: not a JSON object\n"
    )
    assert "is neither org.kubeflow.serving.inference.request nor" in post(client, other).text
    assert "the event names no model" in post(client, nobodys).text
    assert {post(client, one).status_code for one in (other, nobodys)} == {400}
    large = post(client, to_binary_event(event("k1", REQUEST, {"a": "x" * 2000})))
    assert (large.status_code, large.text) == (413, "the body has more than 1000 bytes\n")
    assert client.get("/").status_code == 405
    assert read_rows(store) == read_rows(store, "select * from unmatched") == []


def test_names_that_a_store_cannot_hold(receive, read_rows, store):
    """Half a character is replaced, a model's name that is too long is refused."""
    _, client = receive()
    kind = {"content-type": "application/cloudevents+json"}
    odd = json.loads(to_structured_event(event("k1", REQUEST, ASKED)).body)
    odd |= {"id": "k\ud800", "inferenceservicename": "\ud800"}
    assert client.post("/", content=json.dumps(odd), headers=kind).status_code == 202
    odd["type"] = RESPONSE
    assert client.post("/", content=json.dumps(odd), headers=kind).status_code == 202
    assert [(row["model"], row["request_id"]) for row in read_rows(store)] == [("?", "k?")]
    odd["inferenceservicename"] = "x" * 201
    refused = client.post("/", content=json.dumps(odd), headers=kind)
    assert refused.text == "a model's name has at most 200 characters\n"
    assert refused.status_code == 400


def test_many_posts_at_once(receive, read_rows, store):
    """Halves of each pair race each other; none is lost or doubled."""
    _, client = receive("--model", "m")

    def one(number):
        kind, body = ((REQUEST, ASKED), (RESPONSE, ANSWERED))[number % 2]
        return post(client, to_binary_event(event(f"k{number // 2}", kind, body))).status_code

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(one, range(200))) == {202}
    found = read_rows(store)
    assert len(found) == len({row["request_id"] for row in found}) == 100
    assert {(row["model"], row["response_note"]) for row in found} == {("m", None)}


def test_what_was_taken_survives_a_kill(receive, read_rows, store):
    """The other side comes to the next receiver."""
    process, client = receive()
    assert post(client, to_binary_event(event("k1", REQUEST, ASKED))).status_code == 202
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    assert [row["side"] for row in read_rows(store, "select * from unmatched")] == ["request"]
    _, client = receive()
    assert post(client, to_binary_event(event("k1", RESPONSE, ANSWERED))).status_code == 202
    (row,) = read_rows(store)
    assert json.loads(row["request_body"]) == ASKED and json.loads(row["response_body"]) == ANSWERED


def test_bodies_are_masked_and_headers_of_the_request_kept_by_name(
    receive, read_rows, store, monkeypatch, tmp_path
):
    """By the settings of the file, as what the tap captures."""
    (tmp_path / "modeltap.toml").write_text(
        'mask_body_fields = ["^phone$"]\ncapture_request_headers = ["x-tenant", "x-token"]\n'
        '[models.iris]\nversion = "3"\n'
    )
    _, client = receive()
    metadata = json.dumps({"X-Tenant": ["blau"], "X-Token": ["unguessable-7"], "X-Other": ["o"]})
    asked = {"phone": "unguessable-8", "city": "Zürich"}
    post(client, to_binary_event(event("k1", REQUEST, asked, metadata=metadata)))
    post(client, to_binary_event(event("k1", RESPONSE, ANSWERED)))
    (row,) = read_rows(store)
    assert json.loads(row["request_body"]) == {"phone": "[masked]", "city": "Zürich"}
    assert row["version"] == "3"
    assert json.loads(row["request_headers"]) == {"x-tenant": "blau", "x-token": "[masked]"}
    for file in tmp_path.glob("taps.db*"):
        assert b"unguessable" not in file.read_bytes()


def test_others_must_show_the_token(receive, monkeypatch, store):
    """It listens to itself alone unless there is one."""
    error = modeltap("receive", "--store", store, "--host", "0.0.0.0", code=2)
    assert (
        "--host 0.0.0.0 accepts requests from other machines; add --token" in error
        and not store.exists()
    )
    monkeypatch.setenv("RECEIVER_TOKEN", "s3same")
    _, client = receive("--token", "env:RECEIVER_TOKEN")
    message = to_binary_event(event("k1", REQUEST, ASKED))
    assert post(client, message).status_code == 401
    assert post(client, message, authorization="Bearer other").status_code == 401
    assert post(client, message, "/models/iris?token=other").status_code == 401
    assert post(client, message, "/models/iris?token=s3same").status_code == 202
    assert post(client, message, authorization="Bearer s3same").status_code == 202


@pytest.mark.parametrize("token", ["", " ", "\t\n", "geheim-ü", "s3same\x07x", "s3\nsame", "ключ"])
@pytest.mark.parametrize("given", ["as it is", "by a variable"])
def test_a_token_that_no_request_can_show_is_refused_at_the_start(store, token, given):
    """Blank, or with characters that a header cannot carry; the line does not quote it."""
    environment = {**os.environ, "RECEIVER_TOKEN": token}
    word = token if given == "as it is" else "env:RECEIVER_TOKEN"
    code = 2 if (given, token) == ("by a variable", "") else 1  # a variable that is not set
    error = modeltap("receive", "--store", store, "--token", word, code=code, env=environment)
    assert len(error.splitlines()) == 1 and not store.exists()
    assert "the token" in error or "RECEIVER_TOKEN is not set" in error
    assert not token.strip() or (repr(token)[1:-1] not in error and token not in error)


@pytest.mark.parametrize("host", ["http://receiver", "receiver:8089", "a b", "", "*x.org", "[::1"])
def test_what_is_no_host_is_refused_at_the_start(store, host):
    """With the value and the form that it has to have."""
    error = modeltap("receive", "--store", store, "--allow-host", host, code=1)
    assert error.startswith(
        f"modeltap: host {host!r} is not a name or an address; write it without"
    )
    assert not store.exists()


def test_pages_of_other_hosts_cannot_post(receive, read_rows, store):
    """Though their name leads to this machine; loopback, and what is allowed, can."""
    _, client = receive("--allow-host", "*.svc.cluster.local")
    message = to_binary_event(event("k1", REQUEST, ASKED))
    for name in ("rebound.example", "localhost.rebound.example", "svc.cluster.local", "10.1.2.3"):
        refused = post(client, message, host=name)
        assert (refused.status_code, name in refused.text) == (400, False)
        assert "--allow-host" in refused.text
        assert client.get("/health", headers={"host": name}).status_code == 400
    assert read_rows(store, "select * from unmatched") == []
    for name in ("localhost:8089", "LOCALHOST", "[::1]:80", "127.0.0.9", "m.ns.svc.cluster.local."):
        assert post(client, message, host=name).status_code == 202


def test_a_store_that_is_busy_costs_nobody_an_event(receive, store):
    """The sender is asked to try again; the server goes on."""
    from modeltap.store.connection import connect, writing

    _, client = receive()
    message = to_binary_event(event("k1", REQUEST, ASKED))
    other = connect(store)
    with writing(other):
        answer = post(client, message)
        assert (answer.status_code, answer.text) == (
            503,
            "cannot write to the store; try again later\n",
        )
        assert client.get("/health").status_code == 200
    other.close()
    assert post(client, message).status_code == 202


def test_a_port_in_use_is_one_line(store):
    """And no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        error = modeltap("receive", "--store", store, "--port", port, code=1)
    assert error.splitlines()[-1] == (
        f"modeltap: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "choose another --port"
    )


def test_it_ends_when_it_is_told_to(receive, read_rows, store):
    """Stopped as by a person and as by a service manager; received events are stored."""
    for sent in (signal.SIGINT, signal.SIGTERM):
        process, client = receive()
        post(client, to_binary_event(event(sent.name, REQUEST, ASKED)))
        process.send_signal(sent)
        # uvicorn hands the signal on when it is done; by then Python may have ended as well.
        assert process.wait(60) in (0, 130, -sent)
        assert b"Traceback" not in process.stderr.read()
    assert len(read_rows(store, "select * from unmatched")) == 2
