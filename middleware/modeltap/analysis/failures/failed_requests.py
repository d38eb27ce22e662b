"""Failed requests by message, and validation errors by field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from modeltap.analysis.failures.error_bodies import read_error
from modeltap.analysis.failures.error_group import EXAMPLES, ErrorGroup
from modeltap.analysis.failures.invalid_fields import InvalidField, invalid_fields
from modeltap.analysis.failures.message_shapes import path_shape, shape_of
from modeltap.decoding.decoders import plain
from modeltap.payload import parse_json
from modeltap.store.failed_exchanges import FailedExchange

_LONGEST = 300
"""Characters of an example of a message."""


def failure_groups(exchanges: Sequence[FailedExchange]) -> list[ErrorGroup]:
    """Return failed exchanges in groups, the largest first.

    A response that names invalid fields is a validation error of each of them; any other is a
    failed request. An exchange may so be in several groups of fields.

    Args:
        exchanges: of one model, the newest first.
    """
    requests: dict[_Key, list[_Failure]] = defaultdict(list)
    fields: dict[tuple[_Key, str], list[_Failure]] = defaultdict(list)
    for failure in map(_read, exchanges):
        for invalid in failure.invalid:
            own = failure.with_field(invalid)
            fields[own.key, invalid.field].append(own)
        if not failure.invalid:
            requests[failure.key].append(failure)
    total = len(exchanges)
    groups = [
        *(_group("request", key, own, total) for key, own in requests.items()),
        *(_group("validation", key, own, total, field) for (key, field), own in fields.items()),
    ]
    return sorted(groups, key=lambda group: (group.kind, -group.count))


class _Key(NamedTuple):
    """The parts that failures of one group share; `shape` is that of the message."""

    method: str | None
    path: str | None
    status: int | None
    type: str | None
    shape: str | None


class _Failure(NamedTuple):
    """A failed exchange, its error, and the fields that its response names."""

    exchange: FailedExchange
    type: str | None
    message: str | None
    invalid: Sequence[InvalidField]

    @property
    def key(self) -> _Key:
        exchange = self.exchange
        path = exchange.route or (path_shape(exchange.path) if exchange.path else None)
        shape = None if self.message is None else shape_of(self.message)
        return _Key(exchange.method, path, exchange.status, self.type, shape)

    def with_field(self, invalid: InvalidField) -> _Failure:
        """Return the failure with the fault of one field."""
        return self._replace(type=invalid.type, message=invalid.message)


def _read(exchange: FailedExchange) -> _Failure:
    body = plain(exchange.response_body, exchange.response_encoding)
    error = read_error(body)
    # The title of an error page begins with the status.
    own = (error.message or "").removeprefix(f"{exchange.status} ")
    message = exchange.error_message or own or exchange.response_note
    return _Failure(
        exchange,
        exchange.error_type or error.code,
        message,
        invalid_fields(parse_json(body), exchange.status),
    )


def _group(
    kind: Any, key: _Key, failures: Sequence[_Failure], total: int, field: str | None = None
) -> ErrorGroup:
    exchanges = [failure.exchange for failure in failures]
    times = [exchange.started_at for exchange in exchanges]
    example = failures[0].message
    return ErrorGroup(
        kind=kind,
        type=key.type,
        count=len(exchanges),
        fraction=len(exchanges) / total,
        status=key.status,
        method=key.method,
        path=key.path,
        field=field,
        message=key.shape,
        example=None if example is None else example[:_LONGEST],
        first_at=min(times),
        last_at=max(times),
        examples=tuple(exchange.id for exchange in exchanges[:EXAMPLES]),
    )
