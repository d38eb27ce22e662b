"""Candidates behind a URL on a golden set: its requests are sent, wrong URLs are one clear line."""

from __future__ import annotations

from contextlib import closing

import pytest

import modeltap
from candidate_server import candidate, doubled, fill
from modeltap.comparison.compared_rows import StoredRows
from modeltap.comparison.golden_set import write_golden_set
from modeltap.errors import InputError
from modeltap.store.connection import connect, connect_reader, writing
from modeltap.store.labels import Label, insert_labels
from ports import free_port
from stores import analyze

ROWS = 300


@pytest.fixture
def golden(store, tmp_path):
    """The golden set of a model whose predictions are half of the labels."""
    fill(store, ROWS)
    with closing(connect(store)) as connection, writing(connection):
        own = [Label(f"m{n:06d}", 0, 2.0 * n + 0.5) for n in range(0, ROWS, 2)]
        insert_labels(connection, own, source="test")
    analyze(store, {"task": "regression"})
    path = tmp_path / "golden.jsonl"
    with closing(connect_reader(store)) as connection:
        write_golden_set(connection, StoredRows(connection, "m"), path)
    return path


def test_its_requests_are_sent_without_a_store(golden, tmp_path, monkeypatch):
    (tmp_path / "ci").mkdir()
    monkeypatch.chdir(tmp_path / "ci")
    with candidate(doubled) as server:
        own = modeltap.compare(server.url, dataset=golden)
    assert own.verdict == "better" and own.compared == len(server.received) == ROWS // 2
    assert {(request.method, request.path) for request in server.received} == {("POST", "/predict")}
    assert list((tmp_path / "ci").iterdir()) == []


def html(_request):
    return 200, "text/html", b"<html>sign in</html>"


def midway(request):
    """Answer in another format from the fifth request on."""
    return doubled(request) if request.number < 4 else html(request)


@pytest.mark.parametrize(
    ("respond", "match"),
    [
        (html, "no response has a prediction: .*HTML"),
        (lambda _: (500, "text/plain", b"oops"), "no response has a prediction: status 500"),
        (lambda _: None, "no response has a prediction: connection closed|does not respond"),
    ],
    ids=["html", "errors", "closed"],
)
def test_a_url_without_predictions_is_one_clear_line(golden, respond, match):
    with candidate(respond) as server, pytest.raises(InputError, match=match) as error:
        modeltap.compare(server.url, dataset=golden)
    assert "\n" not in str(error.value)


def test_responses_that_change_their_format_are_counted(golden):
    with candidate(midway) as server:
        result = modeltap.compare(server.url, dataset=golden)
    assert result.compared == 4 and result.verdict == "not_shown"
    reasons = {name: n for name, n in result.left_out.items() if "that failed" in name}
    assert sum(reasons.values()) == ROWS // 2 - 4 and "HTML" in next(iter(reasons))


def test_nobody_listens_at_the_url(golden):
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(InputError, match="does not respond"):
        modeltap.compare(url, dataset=golden)


def test_a_golden_set_without_requests_cannot_be_sent(tmp_path):
    path = tmp_path / "golden.jsonl"
    path.write_text('{"id": "a", "prediction": 1, "label": 1}\n')
    with pytest.raises(InputError, match="has no requests to send"):
        modeltap.compare("http://127.0.0.1:9", dataset=path)
    path.write_text(
        '{"id": "a", "prediction": 1, "label": 1, "request": {"path": "/", "body_base64": "?"}}\n'
    )
    with pytest.raises(InputError, match="'a': body_base64 is not base64"):
        modeltap.compare("http://127.0.0.1:9", dataset=path)
