"""Fields that validation errors name, in the forms of common frameworks."""

from __future__ import annotations

import pytest

from modeltap.analysis.failures.invalid_fields import invalid_fields

FORMS = {
    "FastAPI": (
        422,
        {"detail": [{"type": "missing", "loc": ["body", "age"], "msg": "Field required"}]},
        [("age", "missing", "Field required")],
    ),
    "FastAPI, a list of rows": (
        422,
        {"detail": [{"type": "int", "loc": ["body", "rows", 3, "age"], "msg": "bad"}]},
        [("rows.age", "int", "bad")],
    ),
    "FastAPI, invalid JSON": (
        422,
        {"detail": [{"type": "json_invalid", "loc": ["body", 12], "msg": "JSON decode error"}]},
        [("body", "json_invalid", "JSON decode error")],
    ),
    "FastAPI, a parameter": (
        422,
        {"detail": [{"type": "missing", "loc": ["query", "q"], "msg": "Field required"}]},
        [("query.q", "missing", "Field required")],
    ),
    "flask-pydantic": (
        400,
        {"validation_error": {"body_params": [{"loc": ["age"], "msg": "bad", "type": "int"}]}},
        [("age", "int", "bad")],
    ),
    "webargs": (
        422,
        {"errors": {"json": {"age": ["Not a valid integer."]}}},
        [("age", None, "Not a valid integer.")],
    ),
    "marshmallow, nested": (
        422,
        {"messages": {"rows": {"0": {"age": ["Missing."]}}}},
        [("rows.age", None, "Missing.")],
    ),
    "Flask-RESTful": (
        400,
        {"message": {"age": "Missing required parameter"}},
        [("age", None, "Missing required parameter")],
    ),
    "Django REST framework": (
        400,
        {"age": ["A valid integer is required."]},
        [("age", None, "A valid integer is required.")],
    ),
    "Litestar": (
        400,
        {"detail": "Validation failed", "extra": [{"message": "bad", "key": "age"}]},
        [("age", None, "bad")],
    ),
    "problem details": (
        400,
        {"title": "Invalid", "invalid-params": [{"name": "age", "reason": "too small"}]},
        [("age", None, "too small")],
    ),
    "JSON:API": (
        422,
        {"errors": [{"source": {"pointer": "/data/age"}, "detail": "bad"}]},
        [("data.age", None, "bad")],
    ),
    "OpenAI": (
        400,
        {"error": {"message": "bad", "param": "messages", "type": "invalid_request_error"}},
        [("messages", "invalid_request_error", "bad")],
    ),
    "MLflow": (
        400,
        {"error_code": "BAD_REQUEST", "message": "Error: Model is missing inputs ['a', 'b c']."},
        [
            ("a", "missing", "Error: Model is missing inputs ['a', 'b c']."),
            ("b c", "missing", "Error: Model is missing inputs ['a', 'b c']."),
        ],
    ),
}


@pytest.mark.parametrize(("status", "document", "fields"), FORMS.values(), ids=FORMS)
def test_each_form(status, document, fields):
    assert invalid_fields(document, status) == fields


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (500, {"detail": [{"loc": ["body", "age"], "msg": "bad"}]}),
        (200, {"errors": {"age": ["bad"]}}),
        (None, {"errors": {"age": ["bad"]}}),
        (404, {"detail": "Not Found"}),
        (404, {"items": ["a", "b"]}),
        (422, {"detail": "unprocessable"}),
        (400, {"error": 'Missing "inputs"'}),
        (422, []),
        (422, None),
        (422, "text"),
        (422, {}),
        (400, {"detail": [1, None, "x", {"loc": []}]}),
    ],
)
def test_other_errors_name_no_field(status, document):
    assert invalid_fields(document, status) == []


def test_the_fields_of_a_response_are_limited():
    """A batch of ten thousand rows may have as many errors."""
    detail = [{"loc": ["body", f"f{n}"], "msg": "bad", "type": "t"} for n in range(5000)]
    assert len(invalid_fields({"detail": detail}, 422)) == 100
