"""The part that every tap shares: choosing exchanges, and handing them to the recorder."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from modeltap.config import sources
from modeltap.config.reference_settings import parse_reference
from modeltap.config.settings import ModelChooser, Settings
from modeltap.config.validation import from_environment
from modeltap.errors import ConfigError, StoreError
from modeltap.logs import logger
from modeltap.privacy.headers import HeaderFilter
from modeltap.store.connection import check_path, check_writable
from modeltap.tap.choosing.routing import Router
from modeltap.tap.choosing.sampling import Sampler
from modeltap.tap.custom_mask import mask_bodies, mask_body_option
from modeltap.tap.exchange import Exchange, Headers, ids
from modeltap.tap.nested_options import both_masks, conflict_message, with_masks_of
from modeltap.tap.packing import pack
from modeltap.tap.recording.recorder import Recorder, Ticket
from modeltap.tap.recording.recorders import recorders

_POLL_SECONDS = 0.0005
"""How often a response that waits for its commit checks: a commit takes about as long."""


class Tap:
    """One app's tap: its settings, checked when built; nothing is opened before a request."""

    def __init__(self, source: str, model: ModelChooser, options: Mapping[str, object]) -> None:
        self.source = source
        self._mask_body = mask_body_option(options)
        plain = {name: value for name, value in options.items() if name != "mask_body"}
        self.settings: Settings = _with_absolute_paths(sources.load(plain))
        self.disabled = self.settings.disabled
        settings = self.settings
        if not self.disabled:
            _check_store(settings.store)
            from_environment(settings.mask_key or "", "mask_key")
            _check_reference(settings)
        self.model = model
        self._limit_bodies()
        self.id_header = settings.id_header.encode() if settings.id_header else None
        self.id_names = _spellings(self.id_header)
        self._request_filter = HeaderFilter.of_requests(settings)
        self._response_filter = HeaderFilter.of_responses(settings)
        self._router = Router(settings, model)
        self._recorder: Recorder | None = None
        self._origin = 0
        self._sampler = Sampler(settings)
        self._keeps_all = self._sampler.keeps_all
        self.durable = settings.durability != "fast"
        self._logged_failure = False
        self._within: dict[Tap, Tap] = {}

    def _limit_bodies(self) -> None:
        """Set how many bytes of each body are kept."""
        settings = self.settings
        self.request_limit = settings.max_body_bytes if settings.capture_request_body else 0
        self.response_limit = settings.max_body_bytes if settings.capture_response_body else 0

    def within(self, outer: Tap, model: ModelChooser = None) -> Tap:
        """Return the tap that records in this one's place where a request passed `outer` first.

        It has the masks of both. Options in conflict are logged once; `model` is the model of
        this tap where its calls name it.
        """
        tap = self._within.get(outer)
        if tap is None:
            tap = self._within[outer] = self._with_masks_of(outer)
            own = model or self.model
            if message := conflict_message(self.settings, own, outer.settings, outer.model):
                logger.warning("modeltap: %s", message)
        return tap

    def _with_masks_of(self, outer: Tap) -> Tap:
        settings = with_masks_of(self.settings, outer.settings)
        mask_body = both_masks(self._mask_body, outer._mask_body)
        if settings == self.settings and mask_body is self._mask_body:
            return self
        tap = copy.copy(self)
        tap.settings, tap._mask_body = settings, mask_body
        tap._recorder, tap._within = None, {}
        tap._limit_bodies()
        return tap

    def claims(self, method: str, path: str) -> bool:
        """Return True if exchanges of this path are the tap's, be they sampled or not."""
        try:
            return not self.disabled and self._router.model_for(method, path) is not None
        except Exception as error:
            self.failed(error)
            return False

    def begin(
        self, method: str, path: str, query: bytes, headers: Headers, outer_id: str | None = None
    ) -> Exchange | None:
        """Return the exchange to fill, or None when this one is not tapped.

        `outer_id` is the id that a tap further out gave it.
        """
        if self.disabled:
            return None
        try:
            model = self._router.model_for(method, path)
            if model is None:
                return None
            exchange = Exchange(self.source, model, method, path, query, headers)
            if self.id_header is not None:
                exchange.id = outer_id or ids.next(exchange.started_at)
            return exchange if self._keeps_all or self._sampler.takes(exchange) else None
        except Exception as error:
            self.failed(error)
            return None

    def begin_call(self, model: str, name: str) -> Exchange | None:
        """Return the exchange to fill for a call that is not HTTP, or None when it is left out."""
        if self.disabled:
            return None
        exchange = Exchange(self.source, model, "", name, b"")
        exchange.id = ids.next(exchange.started_at)
        return exchange if self._keeps_all or self._sampler.takes(exchange) else None

    def finish(self, exchange: Exchange) -> Ticket | None:
        """Hand a finished exchange to the recorder; return what to wait for, if it is durable."""
        try:
            if not (exchange.sampled or exchange.failed()):
                return None
            exchange.request_headers = self._request_filter.kept(exchange.request_headers)
            exchange.response_headers = self._response_filter.kept(exchange.response_headers)
            if self._mask_body is not None:
                mask_bodies(exchange, self._mask_body)
            if self._recorder is None:
                self._recorder = recorders.of(self.settings)
                self._origin = self._recorder.join(self.settings)
            if self.durable:
                return self._recorder.put_durably(pack(self._origin, exchange))
            self._recorder.put(pack(self._origin, exchange))
        except Exception as error:
            self.failed(error)
        return None

    def wait(self, ticket: Ticket | None) -> None:
        """Wait for the commit of a durable exchange, a bounded time; blocks the thread."""
        if ticket is not None:
            deadline = time.monotonic() + self.settings.commit_timeout_seconds
            while self._goes_on(ticket, deadline):
                time.sleep(_POLL_SECONDS)

    async def wait_async(self, ticket: Ticket | None) -> None:
        """Wait as `wait` does, while the event loop serves others."""
        if ticket is not None:
            # On the way of starlette, but not of a bare app that waits for nothing.
            from anyio import sleep

            deadline = time.monotonic() + self.settings.commit_timeout_seconds
            while self._goes_on(ticket, deadline):
                await sleep(_POLL_SECONDS)

    def _goes_on(self, ticket: Ticket, deadline: float) -> bool:
        assert self._recorder is not None
        if self._recorder.is_settled(ticket):
            return False
        if time.monotonic() < deadline:
            return True
        self._recorder.give_up()
        return False

    def close(self) -> None:
        """Write the queued exchanges when the server stops."""
        try:
            for tap in (self, *self._within.values()):
                if tap._recorder is not None:
                    tap._recorder.close()
        except Exception as error:
            self.failed(error)

    def failed(self, error: Exception) -> None:
        """Log a failure of the tap once; the app never hears of it."""
        if not self._logged_failure:
            self._logged_failure = True
            logger.error("modeltap: an exchange could not be tapped: %r", error)


def _with_absolute_paths(settings: Settings) -> Settings:
    """Return `settings` with paths that mean the same in every process and folder."""
    return msgspec.structs.replace(
        settings,
        store=absolute(settings.store),
        reference=absolute_reference(settings.reference),
    )


def _spellings(name: bytes | None) -> tuple[bytes, ...]:
    """Return a header's name as chosen and as servers and clients spell it."""
    return () if name is None else (name, name.lower(), name.title())


def _check_store(store: str) -> None:
    """A path that can be no store is a mistake in the app; a disk that is read-only now is not."""
    path = check_path(store)
    try:
        check_writable(path)
    except StoreError as error:
        logger.error("modeltap: nothing is recorded, but the app keeps serving: %s", error)


def _check_reference(settings: Settings) -> None:
    """A reference's file must be there now, not when the first window is evaluated."""
    for model in (settings, *map(settings.for_model, settings.models)):
        reference = parse_reference(model.reference)
        if reference.kind == "file" and not Path(reference.path).is_file():
            raise ConfigError(
                f"reference {model.reference!r}: the file does not exist; name an existing file "
                "or write 'first 7d, 2000 rows'"
            )


def with_absolute_paths(options: Mapping[str, object]) -> dict[str, object]:
    """Return `options` with the store that counts now, and absolute paths.

    Raises `ConfigError` as `watch` does.
    """
    plain = {name: value for name, value in options.items() if name != "mask_body"}
    settings = sources.load(plain)
    sources.remember_file()
    resolved = {**options, "store": absolute(settings.store)}
    if "reference" in options:
        resolved["reference"] = absolute_reference(settings.reference)
    models: Any = options.get("models")
    if models:
        resolved["models"] = {name: _with_reference(table) for name, table in models.items()}
    return resolved


def _with_reference(table: Any) -> Any:
    if not isinstance(table, Mapping) or "reference" not in table:
        return table
    return {**table, "reference": absolute_reference(table["reference"])}


def absolute(path: str) -> str:
    """Return `path` from the root on.

    >>> absolute("/data/../taps.db"), absolute("taps.db") == str(Path.cwd() / "taps.db")
    ('/data/../taps.db', True)
    """
    return str(Path(path).expanduser().absolute())


def absolute_reference(text: str) -> str:
    """Return the option `reference`, with an absolute path where it is a file.

    >>> absolute_reference("first 7d"), absolute_reference("/data/january.csv")
    ('first 7d', '/data/january.csv')
    """
    reference = parse_reference(text)
    return absolute(reference.path) if reference.kind == "file" else text
