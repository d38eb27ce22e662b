"""Wrappers for functions decorated with `capture`: plain, coroutine and generator functions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from modeltap.tap.app_options.local_paths import with_absolute_paths
from modeltap.tap.calls import ABSENT, YieldedItems, add_request, call_taps, end_call, with_store
from modeltap.tap.exchange import Exchange
from modeltap.tap.recording.recorder import Recorder, Ticket
from modeltap.tap.recording.recorders import recorders
from modeltap.tap.tapping import Tap

if TYPE_CHECKING:
    from modeltap.privacy.sensitive.names import SensitiveNames

AnyFunction = Callable[..., Any]

_SCALARS = (str, bytes, int, float, type(None))

LAST_ID: ContextVar[str | None] = ContextVar("modeltap_last_id", default=None)
"""The id of the last call of this thread or task; None if it was not recorded."""


_MARK = "__modeltap__"
"""The attribute that marks tapped functions; wrappers of other decorators copy it."""


class CaptureDecorator:
    """Decorates functions of one model; raises `ConfigError` for an invalid option."""

    def __init__(self, model: str, name: str, options: Mapping[str, object]) -> None:
        self.model = model
        self.name = name
        named = options.get("store") is not None
        self.options = with_absolute_paths(options) if named else options
        self.tap = Tap("call", model, with_store(self.options))

    def __call__(self, function: AnyFunction) -> AnyFunction:
        tapped = getattr(function, _MARK, None)
        if isinstance(tapped, DecoratedFunction):
            tapped.add_outer(self.tap)
            return function  # a function that is decorated twice records one exchange per call
        call = DecoratedFunction(self, function)
        decorated = _wrapped(call)
        functools.update_wrapper(decorated, function)
        setattr(decorated, _MARK, call)
        return decorated


class DecoratedFunction:
    """The state that all calls of one function share."""

    def __init__(self, decorator: CaptureDecorator, function: AnyFunction) -> None:
        self.function = function
        self._decorator = decorator
        self._arguments = Arguments(inspect.signature(function))
        self._names = _sensitive_names(decorator.tap)
        self._name = decorator.name or f"{function.__module__}.{function.__qualname__}"
        self._outer: list[Tap] = []
        self._known: tuple[list[Recorder], Tap] | None = None

    def add_outer(self, tap: Tap) -> None:
        """Apply the masks of another tap that decorates the function, too."""
        if not tap.disabled:
            self._outer.append(tap)
            self._known = None
            self._names = _sensitive_names(self._tap())

    def _tap(self) -> Tap:
        """Return the tap for the next call, with the masks of all taps of the function.

        Resolved again after an app was watched, because that defines the default store.
        """
        now = recorders.all()
        if self._known is not None and self._known[0] == now:
            return self._known[1]
        tap = call_taps.of(self._decorator.options)
        for outer in self._outer:
            tap = tap.within(outer, self._decorator.model)
        self._known = (now, tap)
        return tap

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> RunningCall:
        """Begin the exchange of a call; internal errors are logged, never raised."""
        tap, exchange = self._decorator.tap, None
        try:
            tap = self._tap()
            exchange = tap.begin_call(self._decorator.model, self._name)
        except Exception as error:
            tap.log_failure(error)
        LAST_ID.set(exchange.id if exchange else None)
        if exchange is not None:
            try:
                add_request(tap, exchange, self._request(args, kwargs))
            except Exception as error:  # invalid arguments, for which the function itself raises
                tap.log_failure(error)
        return RunningCall(tap, exchange)

    def _request(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the arguments by name, or the value of a single argument with a row or rows.

        A single number or text keeps its name, so that it can be masked by name.
        """
        given = self._arguments.by_name(args, kwargs)
        given.pop("self", None)
        given.pop("cls", None)
        if len(given) != 1:
            return given
        ((name, value),) = given.items()
        is_named = isinstance(value, _SCALARS) or self._names.is_sensitive(name)
        return given if is_named else value


class Arguments:
    """The arguments of a function's calls.

    >>> arguments = Arguments(inspect.signature(lambda a, b=2, *, c=3: None))
    >>> arguments.by_name((1,), {"c": 4})
    {'a': 1, 'b': 2, 'c': 4}
    """

    def __init__(self, signature: inspect.Signature) -> None:
        self._signature = signature
        parameters = signature.parameters.values()
        kinds = [parameter.kind for parameter in parameters]
        self._names = [parameter.name for parameter in parameters]
        self._positional = kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self._is_plain = len(kinds) == self._positional + kinds.count(
            inspect.Parameter.KEYWORD_ONLY
        )
        self._defaults = {
            parameter.name: parameter.default
            for parameter in parameters
            if parameter.default is not parameter.empty
        }

    def by_name(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call in the order of the parameters, with defaults.

        Raises `TypeError` for a call that the function would refuse.
        """
        if self._is_plain and len(args) <= self._positional:
            # In a fifth of the time that the signature takes, which knows all kinds of parameters.
            rest = {**self._defaults, **kwargs}
            given = dict(zip(self._names, args, strict=False))
            try:
                given.update({name: rest[name] for name in self._names[len(args) :]})
            except KeyError:
                pass  # the signature reports the missing argument
            else:
                if kwargs.keys() <= set(self._names[len(args) :]):
                    return given
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)


def _sensitive_names(tap: Tap) -> SensitiveNames:
    # Imported here, because apps without decorated functions do not need it.
    from modeltap.privacy.sensitive.names import SensitiveNames

    return SensitiveNames(tap.settings.mask_body_fields)


class RunningCall:
    """One call of a decorated function, which is not recorded without an exchange."""

    def __init__(self, tap: Tap, exchange: Exchange | None) -> None:
        self._tap = tap
        self._exchange = exchange
        self._items = YieldedItems(tap.response_limit)

    def add_item(self, item: Any) -> None:
        """Add an item that a generator yielded."""
        if self._exchange is not None:
            if self._exchange.first_byte_ms is None:
                self._exchange.first_byte_ms = self._exchange.elapsed_ms()
            self._items.add(item)

    def end(self, response: object = ABSENT, error: BaseException | None = None) -> Ticket | None:
        """Record the call; return a ticket to wait for if it is durable."""
        if self._exchange is None:
            return None
        self._exchange.duration_ms = self._exchange.elapsed_ms()
        return end_call(self._tap, self._exchange, response, error)

    def end_items(self, error: BaseException | None = None) -> Ticket | None:
        """Record a generator's call."""
        if self._exchange is not None and isinstance(error, GeneratorExit):
            self._exchange.aborted = True  # the caller closed the generator early
            error = None
        return self.end(self._items, error)

    def wait(self, ticket: Ticket | None) -> None:
        """Wait for the commit of a durable exchange, blocking the thread."""
        self._tap.wait(ticket)

    async def wait_async(self, ticket: Ticket | None) -> None:
        """Wait for the commit of a durable exchange."""
        await self._tap.wait_async(ticket)


def _wrapped(call: DecoratedFunction) -> AnyFunction:
    """Return a wrapper that matches the kind of the function."""
    if inspect.iscoroutinefunction(call.function):
        return _coroutine(call)
    if inspect.isasyncgenfunction(call.function):
        return _async_generator(call)
    if inspect.isgeneratorfunction(call.function):
        return _generator(call)
    return _plain(call)


def _plain(call: DecoratedFunction) -> AnyFunction:
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


def _coroutine(call: DecoratedFunction) -> AnyFunction:
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


def _generator(call: DecoratedFunction) -> AnyFunction:
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


def _async_generator(call: DecoratedFunction) -> AnyFunction:
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
