"""Files of SageMaker's Data Capture, and ground truth for them, in JSON Lines."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from typing import Any

from modeltap import clock
from modeltap.errors import InputError
from modeltap.ingest.entry import Entry, Logged, Truth
from modeltap.ingest.files.documents import documents
from modeltap.ingest.files.source import Source
from modeltap.ingest.files.table import number
from modeltap.store.labels import storable_label

SOURCE = "sagemaker"
PATH = "/invocations"


def read(source: Source) -> Iterator[Entry]:
    """Yield captured exchanges, and ground truth as labels."""
    file: str | None = None
    for line, document in documents(source):
        try:
            if "groundTruthData" in document:
                file = file or _content_hash(source)
                yield _truth(document, f"{file}:{line}")
            else:
                yield _captured(document)
        except (_Invalid, InputError) as reason:
            source.note(line, str(reason))


class _Invalid(Exception):
    """An invalid line; the message gives the reason."""


def _captured(document: dict[str, Any]) -> Logged:
    data, about = _object(document, "captureData"), _object(document, "eventMetadata")
    event_id = about.get("eventId")
    if not isinstance(event_id, str) or not event_id:
        raise _Invalid("no eventMetadata.eventId")
    sides = [data.get(side) for side in ("endpointInput", "endpointOutput")]
    if not any(isinstance(side, dict) for side in sides):
        raise _Invalid("captureData has neither endpointInput nor endpointOutput")
    (request, request_type), (response, response_type) = map(_body, sides)
    inference_id = about.get("inferenceId")
    return Logged(
        source=SOURCE,
        key=event_id,
        time=clock.parse(about.get("inferenceTime")),
        path=PATH,
        request=request,
        response=response,
        request_type=request_type,
        response_type=response_type,
        request_id=inference_id if isinstance(inference_id, str) else event_id,
    )


def _object(document: dict[str, Any], name: str) -> dict[str, Any]:
    member = document.get(name)
    if not isinstance(member, dict):
        raise _Invalid(f"no {name}")
    return member


def _body(side: Any) -> tuple[bytes | None, str | None]:
    """Return a body as it was on the wire, and its content type."""
    if not isinstance(side, dict) or not isinstance(side.get("data"), str):
        return None, None
    content_type = side.get("observedContentType")
    media_type = content_type if isinstance(content_type, str) else None
    if side.get("encoding") != "BASE64":
        return side["data"].encode("utf-8", "surrogatepass"), media_type
    try:
        return base64.b64decode(side["data"], validate=True), media_type
    except (binascii.Error, ValueError):
        raise _Invalid("data is not valid base64, but its encoding is BASE64") from None


def _truth(document: dict[str, Any], key: str) -> Truth:
    data, about = _object(document, "groundTruthData"), _object(document, "eventMetadata")
    id_ = about.get("eventId") or about.get("inferenceId")
    if not isinstance(id_, str):
        raise _Invalid("no eventMetadata.eventId")
    body, _ = _body(data)
    if body is None:
        raise _Invalid("no groundTruthData.data")
    text = body.decode("utf-8", "replace").strip().strip('"')
    value = number(text)
    label = storable_label(text if value is None else value)
    return Truth(source=SOURCE, id=id_, value=label, key=key)


def _content_hash(source: Source) -> str:
    with source.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
