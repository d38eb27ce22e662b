"""The tap for models that are called without HTTP: one call told, or a function decorated."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar, overload

import msgspec

from modeltap.errors import InputError
from modeltap.tap.exchange import Exchange
from modeltap.tap.recorder import Ticket
from modeltap.tap.recorders import recorders
from modeltap.tap.tapping import Tap

_JSON = (("content-type", "application/json"),)
_TEXT = (("content-type", "text/plain; charset=utf-8"),)

_Function = Callable[..., Any]
_F = TypeVar("_F", bound=_Function)
_tees: dict[str, Tap] = {}
_last_id: ContextVar[str | None] = ContextVar("modeltap_last_id", default=None)


class _Absent:
    """What was not said; None is a value like others."""

    def __repr__(self) -> str:
        return "..."


_ABSENT = _Absent()


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
    store: str | Path | None = None,
    **options: Any,
) -> str | None: ...


@overload
def capture(
    *, model: str, name: str = "", store: str | Path | None = None, **options: Any
) -> Callable[[_F], _F]: ...


def capture(
    *,
    model: str,
    request: Any = _ABSENT,
    response: Any = _ABSENT,
    duration_ms: float | None = None,
    started_at: datetime | None = None,
    error: BaseException | None = None,
    name: str = "",
    store: str | Path | None = None,
    **options: Any,
) -> Any:
    """Record a call of a model that is not served by HTTP; or decorate the function that makes it.

    With a `request`, records one call and returns its id, or None when it is left out (sampling).
    Without one, returns a decorator for a function, a coroutine function, or a generator of
    either kind. What it records is the function's one argument, or its arguments by name, and
    what it returns, or the list (of texts: the text) of what it yields; its exceptions pass
    unchanged. `last_id()` then tells the id.

    Args:
        model: the model's name.
        request, response: anything JSON can say: dicts, lists, numbers, arrays, data frames,
            dataclasses, pydantic models.
        duration_ms: how long the call took, in milliseconds; unknown if not said,
            or if it is no finite number.
        started_at: when it began; now, less its duration, if not said.
        error: what it raised.
        name: what the store calls the function (column `path`); of a decorated one its own name.
        store: the SQLite file; by default the one this process records to.
        **options: as those of `modeltap.watch`.

    Raises `ConfigError` and `StoreError` as `watch` does, when a function is decorated or the
    first call of a kind is told; `InputError` when it is not clear which store is meant, or what a
    call answered is said without what it was asked.

    >>> id = capture(model="flights", request={"distance": 1400}, response=187.5, duration_ms=2.1)
    >>> @capture(model="flights")
    ... def predict(distance, carrier="UA"):
    ...     return distance / 7.5
    >>> predict(1400) == 1400 / 7.5 and last_id() != id
    True
    """
    if isinstance(request, _Absent):
        if not isinstance(response, _Absent) or (duration_ms, started_at, error) != (None,) * 3:
            raise InputError(
                "capture() was told a response, but no request: give both to record a call, or "
                "neither to decorate the function that makes it"
            )
        return _decorator(model, name, store, options)
    tee = _tee(store, options)
    exchange = tee.begin_call(model, name)
    if exchange is None:
        return None
    exchange.duration_ms = None if duration_ms is None else _milliseconds(duration_ms)
    if started_at is not None:
        exchange.started_at = _seconds(started_at)
    elif exchange.duration_ms is not None:
        exchange.started_at -= exchange.duration_ms / 1000
    _add_request(tee, exchange, request)
    tee.wait(_end(tee, exchange, response, error))
    return exchange.id


def last_id() -> str | None:
    """Return the id of this thread's or task's last decorated call; None if it was left out."""
    return _last_id.get()


def _decorator(
    model: str, name: str, store: str | Path | None, options: dict[str, Any]
) -> Callable[[_Function], _Function]:
    checked = Tap("call", model, _with_store(store, options))  # a wrong option is said here and now

    def decorate(function: _Function) -> _Function:
        call = _Call(checked, function, model, name, store, options)
        for is_kind, wrap in _KINDS:
            if is_kind(function):
                return functools.update_wrapper(wrap(call), function)
        return functools.update_wrapper(_plain(call), function)

    return decorate


class _Call:
    """A decorated function: what its calls have in common."""

    def __init__(
        self,
        tee: Tap,
        function: _Function,
        model: str,
        name: str,
        store: Any,
        options: dict[str, Any],
    ) -> None:
        self._tee = tee
        self.function = function
        self._signature = inspect.signature(function)
        self._model = model
        self._name = name or f"{function.__module__}.{function.__qualname__}"
        self._store = store
        self._options = options

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Running:
        tee, exchange = self._tee, None
        try:
            # Asked at each call: an app that was watched meanwhile says which store is meant.
            tee = _tee(self._store, self._options)
            exchange = tee.begin_call(self._model, self._name)
        except Exception as error:
            tee.failed(error)
        _last_id.set(exchange.id if exchange else None)
        running = _Running(tee, exchange)
        running.add_request(lambda: self._arguments(args, kwargs))
        return running

    def _arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        said = {name: v for name, v in bound.arguments.items() if name not in ("self", "cls")}
        return next(iter(said.values())) if len(said) == 1 else said


class _Running:
    """One call of a decorated function; nothing in here reaches the caller as an error."""

    def __init__(self, tee: Tap, exchange: Exchange | None) -> None:
        self._tee = tee
        self._exchange = exchange
        self._items: list[Any] = []

    def add_request(self, request: Callable[[], Any]) -> None:
        if self._exchange is not None:
            try:
                _add_request(self._tee, self._exchange, request())
            except Exception as error:  # the function itself will say what is wrong with them
                self._tee.failed(error)

    def add_item(self, item: Any) -> None:
        if self._exchange is not None:
            if self._exchange.first_byte_ms is None:
                self._exchange.first_byte_ms = self._exchange.elapsed_ms()
            self._items.append(item)

    def end(self, response: Any = _ABSENT, error: BaseException | None = None) -> Ticket | None:
        if self._exchange is None:
            return None
        self._exchange.duration_ms = self._exchange.elapsed_ms()
        return _end(self._tee, self._exchange, response, error)

    def end_items(self, error: BaseException | None = None) -> Ticket | None:
        texts = self._items and all(isinstance(item, str) for item in self._items)
        if self._exchange is not None and isinstance(error, GeneratorExit):
            self._exchange.aborted = True  # whoever asked wants no more
            error = None
        return self.end("".join(self._items) if texts else self._items, error)

    def wait(self, ticket: Ticket | None) -> None:
        self._tee.wait(ticket)

    async def wait_async(self, ticket: Ticket | None) -> None:
        await self._tee.wait_async(ticket)


def _plain(call: _Call) -> _Function:
    def called(*args: Any, **kwargs: Any) -> Any:
        running = call.begin(args, kwargs)
        try:
            response = call.function(*args, **kwargs)
        except BaseException as error:
            running.end(error=error)
            raise
        running.wait(running.end(response))
        return response

    return called


def _coroutine(call: _Call) -> _Function:
    async def called(*args: Any, **kwargs: Any) -> Any:
        running = call.begin(args, kwargs)
        try:
            response = await call.function(*args, **kwargs)
        except BaseException as error:
            running.end(error=error)
            raise
        await running.wait_async(running.end(response))
        return response

    return called


def _generator(call: _Call) -> _Function:
    def called(*args: Any, **kwargs: Any) -> Iterator[Any]:
        running = call.begin(args, kwargs)
        try:
            for item in call.function(*args, **kwargs):
                running.add_item(item)
                yield item
        except BaseException as error:
            running.end_items(error)
            raise
        running.wait(running.end_items())

    return called


def _async_generator(call: _Call) -> _Function:
    async def called(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        running = call.begin(args, kwargs)
        try:
            async for item in call.function(*args, **kwargs):
                running.add_item(item)
                yield item
        except BaseException as error:
            running.end_items(error)
            raise
        await running.wait_async(running.end_items())

    return called


_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[_Call], _Function]], ...] = (
    (inspect.iscoroutinefunction, _coroutine),
    (inspect.isasyncgenfunction, _async_generator),
    (inspect.isgeneratorfunction, _generator),
)


def _add_request(tee: Tap, exchange: Exchange, request: Any) -> None:
    exchange.request_read = True
    body, exchange.request_headers = _body(request)
    if body is None:
        exchange.request_note = "not JSON"
    else:
        exchange.add_request(body, tee.request_limit)


def _end(tee: Tap, exchange: Exchange, response: Any, error: BaseException | None) -> Ticket | None:
    exchange.error = error
    if error is not None:
        exchange.status = 500  # it has no status of its own, and counts as a failure
    if not isinstance(response, _Absent):
        first_byte_ms = exchange.first_byte_ms
        body, exchange.response_headers = _body(response)
        if body is None:
            exchange.response_note = "not JSON"
        else:
            exchange.add_response(body, tee.response_limit)
        exchange.first_byte_ms = first_byte_ms
    return tee.finish(exchange)


def _body(value: Any) -> tuple[bytes | None, tuple[tuple[str, str], ...]]:
    """Return `value` as bytes, and headers that say what they are; None where it has no form."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value), ()
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass"), _TEXT
    try:
        return msgspec.json.encode(value, enc_hook=_simpler), _JSON
    except Exception:  # not a kind that JSON can say, or one whose own code fails
        return None, _JSON


def _simpler(value: Any) -> Any:
    """Return what JSON can say instead of arrays, data frames, numbers of NumPy's, models."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict("records") if hasattr(value, "iloc") else value.to_dicts()
    for method in ("tolist", "model_dump", "to_list", "dict"):
        function = getattr(value, method, None)
        if callable(function):
            return function()
    if isinstance(value, (date, Path)):
        return str(value)
    raise NotImplementedError(type(value).__name__)


def _tee(store: str | Path | None, options: dict[str, Any]) -> Tap:
    """Return the tap for these options, built once."""
    said = _with_store(store, options)
    key = repr(sorted(said.items()))
    if key not in _tees:
        _tees[key] = Tap("call", None, said)
    return _tees[key]


def _with_store(store: str | Path | None, options: dict[str, Any]) -> dict[str, Any]:
    if store is not None:
        return {**options, "store": str(store)}
    known = [str(recorder.store) for recorder in recorders.all()]
    if len(known) > 1:
        raise InputError(f"which store? this process records to: {', '.join(known)}; say store=...")
    return {**options, "store": known[0]} if known else options


def _milliseconds(duration: float) -> float | None:
    try:
        found = float(duration)
    except (OverflowError, TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def _seconds(moment: datetime) -> float:
    """Return Unix seconds; a time without a zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
