"""Failed exchanges in groups, from bodies in any encoding."""

from __future__ import annotations

import gzip
import json

from modeltap.analysis.failures.failed_requests import failure_groups
from modeltap.store.failed_exchanges import FailedExchange


def failure(number, status, body, **columns):
    known = {
        "id": f"e{number}",
        "version": "",
        "environment": None,
        "method": "POST",
        "path": "/predict",
        "route": None,
        "status": status,
        "error_type": None,
        "error_message": None,
        "started_at": f"2024-01-01T00:{number:02d}:00.000Z",
        "response_body": body if isinstance(body, (str, bytes, type(None))) else json.dumps(body),
        "response_encoding": None,
        "response_note": None,
    }
    return FailedExchange(**known | columns)


def test_equal_messages_are_one_group_with_its_times():
    failures = [failure(n, 503, {"error": f"row {n} is not ready"}) for n in (9, 5, 3)]
    group, other = failure_groups([*failures, failure(2, 503, {"error": "queue is full"})])
    assert (other.count, other.fraction, other.kind) == (1, 0.25, "request")
    assert (group.count, group.message) == (3, "row [number] is not ready")
    assert (group.first_at, group.last_at) == (
        "2024-01-01T00:03:00.000Z",
        "2024-01-01T00:09:00.000Z",
    )
    assert group.examples == ("e9", "e5", "e3") and group.example == "row 9 is not ready"


def test_paths_with_ids_are_one_group_unless_the_route_is_known():
    failures = [failure(n, 404, None, path=f"/models/{n}/predict") for n in range(3)]
    assert [group.path for group in failure_groups(failures)] == ["/models/[number]/predict"]
    failures = [failure(n, 404, None, path=f"/a/{n}", route="/a/{id}") for n in range(3)]
    assert [group.path for group in failure_groups(failures)] == ["/a/{id}"]


def test_an_exception_has_its_type_and_message():
    (group,) = failure_groups(
        [failure(1, 500, "Internal Server Error", error_type="KeyError", error_message="'age'")]
    )
    assert (group.type, group.message, group.example) == ("KeyError", "[value]", "'age'")


def test_a_response_may_name_several_fields():
    detail = [{"loc": ["body", name], "msg": "Field required", "type": "missing"} for name in "ab"]
    groups = failure_groups([failure(1, 422, {"detail": detail})])
    assert [(group.kind, group.field, group.count) for group in groups] == [
        ("validation", "a", 1),
        ("validation", "b", 1),
    ]


def test_a_compressed_body_is_read():
    body = gzip.compress(b'{"detail": "too large"}')
    (group,) = failure_groups([failure(1, 413, body, response_encoding="gzip")])
    assert group.message == "too large"


def test_a_body_that_was_not_stored_leaves_its_note():
    (group,) = failure_groups([failure(1, 500, None, response_note="not captured")])
    assert (group.message, group.status) == ("not captured", 500)


def test_the_status_is_not_repeated_in_the_message():
    (group,) = failure_groups([failure(1, 502, "<title>502 Bad Gateway</title>")])
    assert group.message == "Bad Gateway"
