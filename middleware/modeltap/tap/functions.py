"""The tap for models that are called without HTTP: a recorded call or a decorated function."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from modeltap.config.validation import is_model_name
from modeltap.errors import InputError
from modeltap.tap.calls import ABSENT, Absent, add_request, call_taps, end_call
from modeltap.tap.decorated import LAST_ID, CaptureDecorator

if TYPE_CHECKING:
    from modeltap.config.options import Options

_F = TypeVar("_F", bound=Callable[..., Any])


@overload
def capture(
    *,
    model: str,
    request: object,
    response: object = ...,
    duration_ms: float | None = None,
    started_at: datetime | None = None,
    error: BaseException | None = None,
    name: str = "",
    **options: Unpack[Options],
) -> str | None: ...


@overload
def capture(*, model: str, name: str = "", **options: Unpack[Options]) -> Callable[[_F], _F]: ...


def capture(
    *,
    model: str,
    request: Any = ABSENT,
    response: Any = ABSENT,
    duration_ms: float | None = None,
    started_at: datetime | None = None,
    error: BaseException | None = None,
    name: str = "",
    **options: Unpack[Options],
) -> Any:
    """Record a call of a model that is not served by HTTP, or decorate a function that calls it.

    With a `request`, records one call and returns its id, or None if sampling leaves it out.
    Without one, returns a decorator for functions, coroutine functions, and sync or async
    generators. The decorator records the arguments by name, or the value of a single argument that
    is a row or a list, and the return value. For generators it records the list of yielded items,
    joined if all are texts. Exceptions pass unchanged. `last_id()` returns the id of the call.

    Args:
        model: the model's name.
        request, response: values that can be encoded as JSON: dicts, lists, numbers, arrays, data
            frames, dataclasses, pydantic models.
        duration_ms: the duration of the call in milliseconds; unknown by default, or if it is not
            a finite number.
        started_at: the start of the call; by default the current time minus the duration.
        error: the exception that the call raised.
        name: the name of the function in the store (column `path`); by default that of the
            decorated function.
        **options: options of `modeltap.watch`; `store` defaults to the store that this process
            records to.

    Raises `ConfigError` and `StoreError` as `watch` does, when a function is decorated or the
    first call with these options is recorded; `InputError` if the store is ambiguous, if the model
    or the start is not valid, or if there is a response without a request.

    >>> id = capture(model="flights", request={"distance": 1400}, response=187.5, duration_ms=2.1)
    >>> @capture(model="flights")
    ... def predict(distance, carrier="UA"):
    ...     return distance / 7.5
    >>> predict(1400) == 1400 / 7.5 and last_id() != id
    True
    """
    if not is_model_name(model):
        raise InputError(f"model = {model!r} is not a name; pass model='flights'")
    if isinstance(request, Absent):
        if not isinstance(response, Absent) or (duration_ms, started_at, error) != (None,) * 3:
            raise InputError(
                "capture() was given a response but no request: pass both to record a call, or "
                "neither to decorate the function that makes it"
            )
        return CaptureDecorator(model, name, options)
    tap = call_taps.of(options)
    started = None if started_at is None else _seconds(started_at)
    exchange = tap.begin_call(model, name)
    if exchange is None:
        return None
    exchange.duration_ms = None if duration_ms is None else _milliseconds(duration_ms)
    if started is not None:
        exchange.started_at = started
    elif exchange.duration_ms is not None:
        exchange.started_at -= exchange.duration_ms / 1000
    add_request(tap, exchange, request)
    tap.wait(end_call(tap, exchange, response, error))
    return exchange.id


def last_id() -> str | None:
    """Return the id of the last decorated call of this thread or task; None if not recorded."""
    return LAST_ID.get()


def _milliseconds(duration: float) -> float | None:
    try:
        milliseconds = float(duration)
    except (OverflowError, TypeError, ValueError):
        return None
    return milliseconds if math.isfinite(milliseconds) else None


def _seconds(moment: datetime) -> float:
    """Return Unix seconds; a time without a time zone is UTC. Raises `InputError`."""
    if not isinstance(moment, datetime):
        raise InputError(
            f"started_at = {moment!r} is not a datetime; pass, for example, "
            "datetime.fromtimestamp(seconds, UTC)"
        )
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
