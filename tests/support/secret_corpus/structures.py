"""JSON with the name of a secret next to it, above it, or in a list of names."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from itertools import cycle

from secret_corpus.visit import Route, of_json

_Make = Callable[[str], object]

_NAMES = cycle(
    [
        "password",
        "access_token",
        "x-api-key",
        "cardNumber",
        "userSsn",
        "dbPwd",
        "cvv",
        "jwt",
        "iban",
    ]
)
"""Names that are used in turn, so that the two passes of a corpus combine them differently."""

_NAME_KEYS = """
name Name NAME key Key k field Field fieldName field_name fieldname param paramName parameter
Parameter attribute attributeName attr property propertyName prop column columnName column_name
variable var argument arg header headerName label Label id Id title slot entity option setting
feature feature_name input_name @name @key _name n path loc target identifier placeholder
"""

_VALUE_KEYS = """
value Value VALUE v V val values Values data Data content contents text string input default
stringValue string_value StringValue newValue new_value oldValue old_value current answer
#text $ _text __text rawValue raw valueString
"""


def routes() -> list[Route]:
    """Return a route for each structure."""
    return [
        *(of_json(f"pair {key}/value", _pair(key, "value")) for key in _NAME_KEYS.split()),
        *(of_json(f"pair name/{key}", _pair("name", key)) for key in _VALUE_KEYS.split()[1:]),
        *(of_json(f"structure: {name}", make) for name, make in STRUCTURES.items()),
        *(of_json(f"table: {name}", make) for name, make in _tables().items()),
        *(of_json(f"validation: {name}", _detail(loc)) for name, loc in _LOCATIONS.items()),
        *(of_json(f"validation: {name}", make) for name, make in _VALIDATIONS.items()),
    ]


def _pair(name_key: str, value_key: str) -> _Make:
    name = next(_NAMES)
    return lambda secret: {"rows": [{name_key: name, value_key: secret}, {"age": 37}]}


def _detail(location: object) -> _Make:
    def make(secret: str) -> object:
        error = {"type": "string_too_long", "loc": location, "msg": "too long", "input": secret}
        return {"detail": [error]}

    return make


_LOCATIONS: dict[str, object] = {
    "body": ["body", "password"],
    "query": ["query", "token"],
    "header": ["header", "x-api-key"],
    "cookie": ["cookie", "sid"],
    "path": ["path", "token"],
    "deep": ["body", "user", "cardNumber"],
    "in a list": ["body", 0, "password"],
    "item of a list": ["body", "tokens", 0],
    "below": ["body", "card", "number"],
    "union": ["body", "password", "str"],
    "function": ["body", "password", "function-after[check()]"],
    "dotted": "body.password",
    "slashes": "/body/password",
    "one": ["password"],
}
"""Paths to the invalid field in errors of FastAPI and similar validators."""

_VALIDATIONS: dict[str, _Make] = {
    "missing beside a password": lambda s: {
        "detail": [{"type": "missing", "loc": ["body", "age"], "input": {"password": s}}]
    },
    "whole body": lambda s: {"detail": [{"loc": ["body"], "input": {"a": [{"password": s}]}}]},
    "context": lambda s: {
        "detail": [{"loc": ["body", "password"], "msg": "bad", "ctx": {"given": s}}]
    },
    "context's actual value": lambda s: {
        "detail": [{"loc": ["body", "cvv"], "ctx": {"actual": s, "limit_value": 3}}]
    },
    "message that quotes": lambda s: {
        "detail": [{"loc": ["body", "password"], "msg": f"'{s}' is too long"}]
    },
    "body of text": lambda s: {
        "detail": [
            {"type": "model_attributes_type", "loc": ["body"], "input": f'{{"password":"{s}"}}'}
        ]
    },
    "form of text": lambda s: {
        "detail": [{"type": "dict_type", "loc": ["body"], "input": f"user=a&password={s}"}]
    },
    "problem details": lambda s: {
        "title": "invalid",
        "errors": [{"pointer": "#/password", "value": s, "detail": "long"}],
    },
    "jsonschema": lambda s: {
        "errors": [{"path": ["user", "password"], "instance": s, "message": "too long"}]
    },
    "jsonschema's message": lambda s: {
        "errors": [{"path": ["user", "password"], "message": f"'{s}' is too long"}]
    },
    "Spring": lambda s: {
        "errors": [{"field": "password", "rejectedValue": s, "objectName": "login"}]
    },
    "express-validator": lambda s: {
        "errors": [{"type": "field", "value": s, "msg": "bad", "path": "password"}]
    },
    "express-validator before 7": lambda s: {
        "errors": [{"value": s, "msg": "bad", "param": "password", "location": "body"}]
    },
    "Joi": lambda s: {
        "details": [{"path": ["password"], "context": {"value": s, "label": "password"}}]
    },
    "zod": lambda s: {"issues": [{"path": ["password"], "received": s, "message": "bad"}]},
    "ajv": lambda s: {"errors": [{"instancePath": "/password", "data": s, "message": "bad"}]},
    "mongoose": lambda s: {"errors": {"password": {"value": s, "kind": "minlength"}}},
    "Laravel": lambda s: {"errors": {"password": [f"The password {s} is too long."]}},
    "DRF": lambda s: {"password": [f'"{s}" is not a valid choice.']},
    "Flask-RESTX": lambda s: {"errors": {"password": f"'{s}' is too long"}, "message": "bad"},
    "marshmallow": lambda s: {"messages": {"json": {"password": [f"{s} is bad"]}}},
}

STRUCTURES: dict[str, _Make] = {
    "card below": lambda s: {"card": {"number": s, "kind": "visa"}},
    "card's no": lambda s: {"card": {"no": s}},
    "credit card's number": lambda s: {"creditCard": {"number": s}},
    "cards": lambda s: {"cards": [{"number": s}]},
    "payment's card": lambda s: {"payment": {"card": {"number": s, "cvc": "1"}}},
    "api below": lambda s: {"api": {"key": s}},
    "private key below": lambda s: {"private": {"key": s}},
    "access key below": lambda s: {"access": {"key": s}},
    "account key below": lambda s: {"account": {"key": s}},
    "secret's value": lambda s: {"secret": {"value": s}},
    "password's parts": lambda s: {"password": {"old": {"text": s}}},
    "token's list": lambda s: {"token": [[s]]},
    "index of objects": lambda s: {"0": {"name": "password", "value": s}},
    "column of objects": lambda s: {"password": {"0": s, "1": s}},
    "dotted": lambda s: {"user.password.0": s},
    "pairs": lambda s: [["age", 37], ["password", s]],
    "pairs below": lambda s: {"headers": [["host", "h"], ["authorization", f"Bearer {s}"]]},
    "pair of a list": lambda s: {"query": [["token", [s]]]},
    "pair of a pair": lambda s: {"entries": [["user", [["password", s]]]]},
    "arguments": lambda s: {"args": ["login", "--password", s]},
    "joined arguments": lambda s: {"args": ["login", f"--password={s}"]},
    "environment": lambda s: {"env": [f"DB_PASSWORD={s}", "HOME=/"]},
    "container environment": lambda s: {"env": [{"name": "DB_PASSWORD", "value": s}]},
    "DynamoDB": lambda s: {"Item": {"password": {"S": s}}},
    "Firestore": lambda s: {"fields": {"password": {"stringValue": s}}},
    "protobuf map": lambda s: {"fields": [{"key": "password", "value": {"string_value": s}}]},
    "protobuf struct": lambda s: {"fields": {"password": {"kind": {"string_value": s}}}},
    "typed value": lambda s: {"name": "password", "type": "string", "value": {"value": s}},
    "input's type": lambda s: {"fields": [{"type": "password", "id": "f1", "value": s}]},
    "form label": lambda s: {"fields": [{"label": "Your password", "type": "text", "value": s}]},
    "question": lambda s: {"form": [{"question": "Password?", "answer": s}]},
    "patch": lambda s: [{"op": "replace", "path": "/user/password", "value": s}],
    "SCIM": lambda s: {"Operations": [{"op": "add", "path": "password", "value": s}]},
    "SCIM without path": lambda s: {"Operations": [{"op": "add", "value": {"password": s}}]},
    "audit": lambda s: {"changes": [{"field": "password", "old": s, "new": s}]},
    "audit from to": lambda s: {"changes": [{"field": "password", "from": s, "to": s}]},
    "audit by name": lambda s: {"changes": {"password": {"from": s}}},
    "HAR": lambda s: {"postData": {"params": [{"name": "password", "value": s}]}},
    "HAR's text": lambda s: {"postData": {"mimeType": "text", "text": f"user=a&password={s}"}},
    "Postman": lambda s: {"auth": {"type": "bearer", "bearer": [{"key": "token", "value": s}]}},
    "Postman disabled": lambda s: {"header": [{"key": "X-Api-Key", "value": s, "disabled": True}]},
    "Dialogflow": lambda s: {"parameters": {"password": s}, "query": "hi"},
    "Rasa": lambda s: {"entities": [{"entity": "password", "start": 1, "value": s}]},
    "Alexa": lambda s: {"slots": {"x": {"name": "password", "value": s}}},
    "XML as JSON": lambda s: {"input": {"@name": "password", "@value": s}},
    "element": lambda s: {"tag": "input", "attributes": {"name": "password", "value": s}},
    "JSON-RPC": lambda s: {"jsonrpc": "2.0", "method": "login", "params": {"password": s}},
    "JSON-RPC of pairs": lambda s: {"method": "call", "params": [{"password": s}]},
    "GraphQL variable": lambda s: {"query": "{a}", "variables": {"password": s}},
    "GraphQL input": lambda s: {"query": "{a}", "variables": {"input": {"apiKey": s}}},
    "GraphQL literal": lambda s: {"query": f'mutation {{ login(password: "{s}") {{ id }} }}'},
    "GraphQL object": lambda s: {"query": f'mutation {{ a(i: {{password: "{s}"}}) {{ id }} }}'},
    "GraphQL block text": lambda s: {"query": f'mutation {{ a(token: """{s}""") {{ id }} }}'},
    "TensorFlow rows": lambda s: {"instances": [{"password": s, "age": 37}]},
    "TensorFlow columns": lambda s: {"inputs": {"password": [s], "age": [37]}},
    "V2": lambda s: {
        "inputs": [{"name": "password", "shape": [1], "datatype": "BYTES", "data": [s]}]
    },
    "V2 contents": lambda s: {
        "inputs": [{"name": "password", "datatype": "BYTES", "contents": {"bytes_contents": [s]}}]
    },
    "V2 contents in base64": lambda s: {
        "inputs": [{"name": "token", "contents": {"bytes_contents": [_base64(s)]}}]
    },
    "V2 camel case": lambda s: {"inputs": [{"name": "token", "contents": {"bytesContents": [s]}}]},
    "V2 parameters": lambda s: {"inputs": [], "parameters": {"token": {"string_param": s}}},
    "V2 answer": lambda s: {"outputs": [{"name": "token", "datatype": "BYTES", "data": [[s]]}]},
    "chat": lambda s: {"messages": [{"role": "user", "content": f"password: {s}"}]},
    "chat in parts": lambda s: {
        "messages": [{"role": "user", "content": [{"type": "text", "text": f"api_key={s}"}]}]
    },
    "tool call": lambda s: {
        "tool_calls": [{"function": {"name": "login", "arguments": f'{{"password": "{s}"}}'}}]
    },
    "tool use": lambda s: {"content": [{"type": "tool_use", "input": {"password": s}}]},
    "tool of remote server": lambda s: {"tools": [{"type": "mcp", "authorization": s}]},
    "tool headers": lambda s: {"tools": [{"headers": {"Authorization": f"Bearer {s}"}}]},
    "MLflow parameters": lambda s: {"inputs": [1], "params": {"api_key": s}},
    "Arrow": lambda s: {"batches": [{"columns": [{"name": "password", "DATA": [s]}]}]},
    "list of names and a value": lambda s: {"name": ["password"], "value": [s]},
    "names and values": lambda s: {"name": ["age", "password"], "value": [37, s]},
    "duplicates": lambda s: {"a": {"name": "age", "name ": "password", "value": s}},
    "name after value": lambda s: {"value": s, "type": "string", "name": "password"},
    "user and login": lambda s: {"login": {"user": "a", "pass": s}},
    "basic": lambda s: {"auth": {"basic": ["user", s]}},
    "cookies": lambda s: {"cookies": {"sid": s}},
    "cookie jar": lambda s: {"cookies": [{"name": "sid", "value": s}]},
    "URL": lambda s: {"callback": f"https://h.example/p?token={s}&a=1"},
    "signed URL": lambda s: {"url": f"https://b.example/o?X-Amz-Expires=60&X-Amz-Signature={s}"},
    "Google's signed URL": lambda s: {"url": f"https://g.example/o?X-Goog-Signature={s}"},
    "Azure's signed URL": lambda s: {"url": f"https://a.example/o?sv=2022&sig={s}&se=1"},
    "security token in a URL": lambda s: {"url": f"https://b.example/o?X-Amz-Security-Token={s}"},
    "credential in a URL": lambda s: {"url": f"https://b.example/o?X-Amz-Credential={s}"},
    "userinfo": lambda s: {"dsn": f"postgresql://app:{s}@db.example:5432/x"},
    "userinfo without a name": lambda s: {"dsn": f"redis://:{s}@cache.example/0"},
    "userinfo with a plus": lambda s: {"dsn": f"mongodb+srv://app:{s}@db.example/x"},
    "URL's fragment": lambda s: {"url": f"https://h.example/cb#access_token={s}&state=1"},
    "URL's matrix parameter": lambda s: {"url": f"https://h.example/cb;token={s}/a"},
    "URL's path": lambda s: {"url": f"https://h.example/token/{s}"},
    "URL in a URL": lambda s: {"url": f"https://h.example/?next=https%3A%2F%2Fi%2F%3Ftoken%3D{s}"},
    "relative URL": lambda s: {"url": f"/p?token={s}"},
    "URL in a sentence": lambda s: {"text": f"see https://h.example/p?token={s} today"},
    "query alone": lambda s: {"query_string": f"a=1&token={s}"},
    "connection string": lambda s: {"dsn": f"Server=db;User Id=a;Password={s};"},
    "Azure's connection string": lambda s: {"c": f"AccountName=a;AccountKey={s};EndpointSuffix=x"},
    "libpq": lambda s: {"dsn": f"host=db user=a password={s} dbname=x"},
    "YAML in a text": lambda s: {"text": f"user: a\npassword: {s}\n"},
    "INI in a text": lambda s: {"text": f"[db]\npassword = {s}\n"},
    "XML in a text": lambda s: {"text": f"<login><password>{s}</password></login>"},
    "CSV in a text": lambda s: {"csv": f"age,password\n37,{s}\n"},
    "curl in a text": lambda s: {"cmd": f"curl -H 'Authorization: Bearer {s}' https://h.example"},
    "Python in a text": lambda s: {"text": f"{{'password': '{s}'}}"},
    "JavaScript in a text": lambda s: {"text": f"{{password: '{s}'}}"},
    "header in a text": lambda s: {"text": f"GET / HTTP/1.1\r\nX-Api-Key: {s}\r\n\r\n"},
    "cookie in a text": lambda s: {"text": f"Set-Cookie: sid={s}; Path=/"},
    "named tensor of text": lambda s: {"inputs": {"token": {"shape": [1], "data": s}}},
}

for _depth in (1, 2, 3, 5):

    def _nested(secret: str, depth: int = _depth) -> object:
        value: object = {"password": secret, "age": 37}
        for _ in range(depth):
            value = {"body": json.dumps(value)}
        return value

    STRUCTURES[f"JSON in {_depth} texts"] = _nested


def _tables() -> dict[str, _Make]:
    """Return tables: a list of names, and lists of values of the same width."""
    tables: dict[str, _Make] = {}
    for names, rows in _NAMES_AND_ROWS:
        tables[f"{names}/{rows}"] = lambda s, n=names, r=rows: {
            n: ["age", "password"],
            r: [[37, s], [38, s]],
        }
        tables[f"{names}/{rows}, one row"] = lambda s, n=names, r=rows: {
            n: ["age", "password"],
            r: [37, s],
        }
    tables |= _OTHER_TABLES
    return tables


_NAMES_AND_ROWS = [
    ("names", "ndarray"),
    ("ColumnNames", "Values"),
    ("columns", "rows"),
    ("columns", "values"),
    ("columns", "data"),
    ("fields", "data"),
    ("fields", "rows"),
    ("headers", "data"),
    ("header", "rows"),
    ("keys", "values"),
    ("feature_names", "features"),
    ("featureNames", "instances"),
    ("input_names", "inputs"),
    ("labels", "values"),
    ("cols", "vals"),
    ("schema", "records"),
    ("attributes", "tuples"),
    ("h", "d"),
]

_OTHER_TABLES: dict[str, _Make] = {
    "header row": lambda s: [["age", "password"], [37, s]],
    "header row below": lambda s: {"data": [["age", "password"], [37, s], [38, s]]},
    "header row of one": lambda s: {"data": [["password"], [s]]},
    "Seldon": lambda s: {"data": {"names": ["age", "password"], "ndarray": [[37, s]]}},
    "Seldon tensor": lambda s: {
        "data": {"names": ["age", "cvv"], "tensor": {"shape": [1, 2], "values": [37, s]}}
    },
    "AzureML": lambda s: {
        "Inputs": {"input1": {"ColumnNames": ["age", "password"], "Values": [["37", s]]}}
    },
    "AzureML answer": lambda s: {
        "Results": {"o": {"value": {"ColumnNames": ["age", "password"], "Values": [["37", s]]}}}
    },
    "input_data": lambda s: {
        "input_data": {"columns": ["age", "password"], "index": [0], "data": [[37, s]]}
    },
    "Watson": lambda s: {"input_data": [{"fields": ["age", "password"], "values": [[37, s]]}]},
    "dataframe_split": lambda s: {
        "dataframe_split": {"columns": ["age", "password"], "data": [[37, s]]}
    },
    "dataframe_records": lambda s: {"dataframe_records": [{"password": s}]},
    "pandas table": lambda s: {
        "schema": {"fields": [{"name": "age"}, {"name": "password"}]},
        "data": [{"age": 37, "password": s}],
    },
    "schema.fields and rows": lambda s: {
        "schema": {"fields": [{"name": "age"}, {"name": "password"}]},
        "data": [[37, s]],
    },
    "schema of names": lambda s: {"schema": {"fields": ["age", "password"]}, "rows": [[37, s]]},
    "BigQuery": lambda s: {
        "schema": {"fields": [{"name": "age"}, {"name": "password"}]},
        "rows": [{"f": [{"v": "37"}, {"v": s}]}],
    },
    "Redshift": lambda s: {
        "ColumnMetadata": [{"name": "age"}, {"name": "password"}],
        "Records": [[{"longValue": 37}, {"stringValue": s}]],
    },
    "ClickHouse": lambda s: {"meta": [{"name": "age"}, {"name": "password"}], "data": [[37, s]]},
    "Trino": lambda s: {
        "columns": [{"name": "age", "type": "int"}, {"name": "password"}],
        "data": [[37, s]],
    },
    "InfluxDB": lambda s: {"series": [{"columns": ["age", "password"], "values": [[37, s]]}]},
    "rows first": lambda s: {"rows": [[37, s]], "columns": ["age", "password"]},
    "names in another object": lambda s: {
        "meta": {"columns": ["age", "password"]},
        "data": [[37, s]],
    },
    "rows in another object": lambda s: {
        "columns": ["age", "password"],
        "result": {"rows": [[37, s]]},
    },
    "both in other objects": lambda s: {
        "head": {"columns": ["age", "password"]},
        "result": {"rows": [[37, s]]},
    },
    "by index": lambda s: {
        "columns": {"0": "age", "1": "password"},
        "rows": {"0": {"0": 37, "1": s}},
    },
    "values by index": lambda s: {"names": ["age", "password"], "values": {"0": 37, "1": s}},
    "columns of columns": lambda s: {
        "columns": ["age", "password"],
        "values": [[37, 38, 39], [s, s, s]],
    },
    "two levels of names": lambda s: {
        "columns": [["user", "age"], ["user", "password"]],
        "data": [[37, s]],
    },
    "deep rows": lambda s: {"columns": ["age", "password"], "data": [[[37, s]], [[38, s]]]},
    "objects as cells": lambda s: {"columns": ["age", "password"], "data": [[37, {"text": s}]]},
    "a row too short": lambda s: {"columns": ["age", "password"], "data": [[37], [37, s]]},
    "the name last of many": lambda s: {
        "columns": [f"x{n}" for n in range(50)] + ["password"],
        "data": [[*range(50), s]],
    },
    "descriptions": lambda s: {
        "columns": [{"id": "c0", "label": "age"}, {"id": "c1", "label": "password"}],
        "rows": [{"c": [{"v": 37}, {"v": s}]}],
    },
    "ag-grid": lambda s: {
        "columnDefs": [{"field": "age"}, {"field": "password"}],
        "rowData": [{"age": 37, "password": s}],
    },
    "text of a table": lambda s: {
        "body": f'{{"columns": ["age", "password"], "data": [[37, "{s}"]]}}'
    },
    "a table in a list": lambda s: [[{"columns": ["password"], "data": [[s]]}]],
    "Gradio": lambda s: {"data": [{"headers": ["age", "password"], "data": [[37, s]]}]},
    "Vertex": lambda s: {"instances": [[37, s]], "parameters": {"columns": ["age", "password"]}},
}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
