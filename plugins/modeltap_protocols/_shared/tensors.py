"""Tensors of the V2 (Open Inference) protocol, in JSON or as bytes after it."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any

from modeltap.payload import Body, parse_json
from modeltap.privacy.bodies.binary import json_end
from modeltap_protocols._shared.inputs import MAX_ROWS

_KINDS = {
    "BOOL": "?",
    "INT8": "<i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "UINT8": "<u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
    "BF16": "<u2",
}
_MAX_DIMENSIONS = 32
_LENGTH_BYTES = 4
"""Each text of a BYTES tensor comes after its length."""


class BadTensor(ValueError):
    """A tensor is not what it says it is; the message says in what."""


@dataclass(slots=True)
class Tensor:
    """N values: single ones, or flat lists where the tensor has more than one for each row."""

    name: str
    shape: list[int]
    values: list[Any]


def opened(body: Body, document: Any, header: str | None) -> tuple[Any, bytes]:
    """Return a body's JSON document and the bytes after it, as its length (a header) says.

    Without the length the document ends where it ends; None where there is none.

    >>> opened(b'{"id": "a"}' + bytes([0, 255]), None, None)
    ({'id': 'a'}, b'\\x00\\xff')
    """
    if header is None and document is not None:
        return document, b""
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body or b""
    end = int(header) if header and header.isascii() and header.isdigit() else json_end(raw)
    return parse_json(raw[:end]), raw[end:]


def tensors(document: dict[str, Any], member: str, tail: bytes) -> list[Tensor]:
    """Return a document's inputs or outputs; raises `BadTensor` where sizes do not agree."""
    said, found, position = document.get(member), [], 0
    if type(said) is not list or not all(type(one) is dict for one in said):
        raise BadTensor(f"{member} is no list of tensors")
    for one in said:
        name, shape = str(one.get("name", ""))[:100], _shape(one)
        size = _parameters(one).get("binary_data_size")
        if type(size) is int:
            if not 0 <= size <= len(tail) - position:
                left = len(tail) - position
                raise BadTensor(f"tensor {name!r} has {left} bytes of the {size} that it says")
            flat = _from_bytes(name, one.get("datatype"), tail[position : position + size])
            position += size
        else:
            flat = _from_json(one)
        found.append(Tensor(name, shape, _by_row(name, shape, flat)))
    if position < len(tail):
        raise BadTensor(f"{len(tail) - position} bytes belong to no tensor")
    return found


def _parameters(one: dict[str, Any]) -> dict[str, Any]:
    found = one.get("parameters")
    return found if type(found) is dict else {}


def _shape(one: dict[str, Any]) -> list[int]:
    shape: Any = one.get("shape")
    right = type(shape) is list and len(shape) <= _MAX_DIMENSIONS
    if not right or not all(type(size) is int and 0 <= size < 2**40 for size in shape):
        raise BadTensor(f"tensor {str(one.get('name', ''))[:100]!r} has no shape of whole numbers")
    return list(shape)


def _by_row(name: str, shape: list[int], flat: list[Any]) -> list[Any]:
    wanted = math.prod(shape)
    if wanted != len(flat):
        raise BadTensor(f"tensor {name!r} has {len(flat)} values, its shape wants {wanted}")
    rows = shape[0] if shape else 1
    if not flat:
        return []
    if rows > MAX_ROWS:
        raise BadTensor(f"more than {MAX_ROWS} rows")
    width = len(flat) // rows
    if width == 1:
        return flat
    return [flat[start : start + width] for start in range(0, len(flat), width)]


def _from_json(one: dict[str, Any]) -> list[Any]:
    data = one.get("data")
    flat = _flat(one, data) if type(data) is list else [] if data is None else [data]
    if _parameters(one).get("content_type") == "base64":
        return [_decoded(value) for value in flat]
    return flat


def _flat(one: dict[str, Any], data: list[Any]) -> list[Any]:
    """Return the values of nested lists, in their order."""
    found: list[Any] = []
    within = [iter(data)]
    while within:
        for value in within[-1]:
            if type(value) is list:
                within.append(iter(value))
                break
            found.append(value)
        else:
            within.pop()
        if len(within) > _MAX_DIMENSIONS:
            raise BadTensor(f"tensor {str(one.get('name', ''))[:100]!r} is nested too deep")
    return found


def _decoded(value: Any) -> Any:
    """Return base64 as the text that it stands for; as it is where that is none."""
    try:
        return base64.b64decode(value, validate=True).decode()
    except (ValueError, TypeError):
        return value


def _from_bytes(name: str, datatype: Any, raw: bytes) -> list[Any]:
    if datatype == "BYTES":
        return _texts(name, raw)
    kind = _KINDS.get(datatype) if isinstance(datatype, str) else None
    if kind is None:
        raise BadTensor(f"tensor {name!r} is of an unknown datatype")
    # Late: plugins are loaded where a request is served, too, and that must stay light.
    import numpy as np

    if len(raw) % np.dtype(kind).itemsize:
        raise BadTensor(f"tensor {name!r} has {len(raw)} bytes, which are no {datatype}")
    values = np.frombuffer(raw, kind)
    if datatype == "BF16":  # the upper half of a float of 32 bits
        values = (values.astype("<u4") << 16).view("<f4")
    found: list[Any] = values.tolist()
    return found


def _texts(name: str, raw: bytes) -> list[str]:
    found, position = [], 0
    while position < len(raw):
        start = position + _LENGTH_BYTES
        position = start + int.from_bytes(raw[position:start], "little")
        if position > len(raw) or start > len(raw):
            raise BadTensor(f"tensor {name!r} ends within a text")
        found.append(_text(raw[start:position]))
    return found


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode()
