"""Tensors of the V2 (Open Inference) protocol, in JSON or as bytes after the JSON."""

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
"""Size of the length before each text of a BYTES tensor."""


class BadTensor(ValueError):
    """A tensor contradicts its description; the message gives the contradiction."""


@dataclass(slots=True)
class Tensor:
    """N values, one per row: single values, or flat lists if a row has more than one value."""

    name: str
    shape: list[int]
    values: list[Any]


def opened(body: Body, document: Any, header: str | None) -> tuple[Any, bytes]:
    """Return a body's JSON document and the bytes after it; `header` has the document's length.

    Without it, the end of the document is searched for. The document is None if it is not JSON.

    >>> opened(b'{"id": "a"}' + bytes([0, 255]), None, None)
    ({'id': 'a'}, b'\\x00\\xff')
    """
    if header is None and document is not None:
        return document, b""
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body or b""
    end = int(header) if header and header.isascii() and header.isdigit() else json_end(raw)
    return parse_json(raw[:end]), raw[end:]


def tensors(document: dict[str, Any], member: str, tail: bytes) -> list[Tensor]:
    """Return a document's inputs or outputs; raise `BadTensor` if sizes do not agree."""
    described, parsed, position = document.get(member), [], 0
    if type(described) is not list or not all(type(item) is dict for item in described):
        raise BadTensor(f"{member} is not a list of tensors")
    for tensor in described:
        name, shape = str(tensor.get("name", ""))[:100], _shape(tensor)
        size = _parameters(tensor).get("binary_data_size")
        if type(size) is int:
            if not 0 <= size <= len(tail) - position:
                left = len(tail) - position
                raise BadTensor(f"tensor {name!r} declares {size} bytes, but {left} are left")
            flat = _from_bytes(name, tensor.get("datatype"), tail[position : position + size])
            position += size
        else:
            flat = _from_json(tensor)
        parsed.append(Tensor(name, shape, _by_row(name, shape, flat)))
    if position < len(tail):
        raise BadTensor(f"{len(tail) - position} bytes are left after the last tensor")
    return parsed


def _parameters(tensor: dict[str, Any]) -> dict[str, Any]:
    parameters = tensor.get("parameters")
    return parameters if type(parameters) is dict else {}


def _shape(tensor: dict[str, Any]) -> list[int]:
    shape: Any = tensor.get("shape")
    is_list = type(shape) is list and len(shape) <= _MAX_DIMENSIONS
    if not is_list or not all(type(size) is int and 0 <= size < 2**40 for size in shape):
        raise BadTensor(f"tensor {str(tensor.get('name', ''))[:100]!r} has no shape of integers")
    return list(shape)


def _by_row(name: str, shape: list[int], flat: list[Any]) -> list[Any]:
    size = math.prod(shape)
    if size != len(flat):
        raise BadTensor(f"tensor {name!r} has {len(flat)} values, but its shape needs {size}")
    rows = shape[0] if shape else 1
    if not flat:
        return []
    if rows > MAX_ROWS:
        raise BadTensor(f"more than {MAX_ROWS} rows")
    width = len(flat) // rows
    if width == 1:
        return flat
    return [flat[start : start + width] for start in range(0, len(flat), width)]


def _from_json(tensor: dict[str, Any]) -> list[Any]:
    data = tensor.get("data")
    flat = _flat(tensor, data) if type(data) is list else [] if data is None else [data]
    if _parameters(tensor).get("content_type") == "base64":
        return [_decoded(value) for value in flat]
    return flat


def _flat(tensor: dict[str, Any], data: list[Any]) -> list[Any]:
    """Return the values of nested lists, in order."""
    values: list[Any] = []
    within = [iter(data)]
    while within:
        for value in within[-1]:
            if type(value) is list:
                within.append(iter(value))
                break
            values.append(value)
        else:
            within.pop()
        if len(within) > _MAX_DIMENSIONS:
            raise BadTensor(f"tensor {str(tensor.get('name', ''))[:100]!r} is nested too deep")
    return values


def _decoded(value: Any) -> Any:
    """Return the text that base64 encodes; anything else unchanged."""
    try:
        return base64.b64decode(value, validate=True).decode()
    except (ValueError, TypeError):
        return value


def _from_bytes(name: str, datatype: Any, raw: bytes) -> list[Any]:
    if datatype == "BYTES":
        return _texts(name, raw)
    kind = _KINDS.get(datatype) if isinstance(datatype, str) else None
    if kind is None:
        raise BadTensor(f"tensor {name!r} has an unknown datatype")
    # Imported here because processes that serve requests also load plugins, and must stay light.
    import numpy as np

    if len(raw) % np.dtype(kind).itemsize:
        raise BadTensor(
            f"tensor {name!r} has {len(raw)} bytes, not a whole number of {datatype} values"
        )
    values = np.frombuffer(raw, kind)
    if datatype == "BF16":  # the upper 16 bits of a 32-bit float
        values = (values.astype("<u4") << 16).view("<f4")
    numbers: list[Any] = values.tolist()
    return numbers


def _texts(name: str, raw: bytes) -> list[str]:
    texts, position = [], 0
    while position < len(raw):
        start = position + _LENGTH_BYTES
        position = start + int.from_bytes(raw[position:start], "little")
        if position > len(raw) or start > len(raw):
            raise BadTensor(f"tensor {name!r} ends within a text")
        texts.append(_text(raw[start:position]))
    return texts


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode()
