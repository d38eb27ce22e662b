"""The common part of all taps: selects exchanges and passes them to the recorder."""

from __future__ import annotations

import copy
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from modeltap.config import sources
from modeltap.config.settings import ModelChooser, Settings
from modeltap.config.validation import check_model_option, from_environment
from modeltap.logs import logger
from modeltap.privacy.headers import HeaderFilter
from modeltap.tap.app_options.custom_mask import mask_bodies, mask_body_option
from modeltap.tap.app_options.custom_version import plain_options, version_of_app, version_option
from modeltap.tap.app_options.local_paths import check_files, resolved_settings
from modeltap.tap.app_options.nested_options import both_masks, conflict_message, with_masks_of
from modeltap.tap.app_options.shadow_check import check_shadow
from modeltap.tap.choosing.routing import Router
from modeltap.tap.choosing.sampling import Sampler
from modeltap.tap.exchange import Exchange, new_id
from modeltap.tap.packing import pack
from modeltap.tap.recording.recorder import Recorder, Ticket
from modeltap.tap.recording.recorders import recorders

if TYPE_CHECKING:
    from modeltap.config.options import VersionFunction
    from modeltap.tap.endpoints.own_endpoint import OwnEndpoint
    from modeltap.tap.endpoints.page_endpoint import PageEndpoint

_LABEL_WAIT_SECONDS = 0.5
"""The longest wait of a label for an exchange that is still in the queue."""

_POLL_SECONDS = 0.0005
"""The polling interval of a response that waits for its commit; a commit takes about as long."""


class Tap:
    """The tap of one app; settings are checked on creation, nothing is opened before a request."""

    def __init__(self, source: str, model: ModelChooser, options: Mapping[str, object]) -> None:
        self.source = source
        check_model_option(model)
        self._mask_body = mask_body_option(options)
        self._version_of = version_option(options)
        self.settings: Settings = resolved_settings(sources.load(plain_options(options)))
        self.disabled = self.settings.disabled
        settings = self.settings
        if not self.disabled:
            check_files(settings)
            from_environment(settings.mask_key or "", "mask_key")
            check_shadow(settings, model, masked=self._mask_body is not None)
        self.model = model
        self._limit_bodies()
        self.id_header = settings.id_header.encode() if settings.id_header else None
        self.id_names = _spellings(self.id_header)
        self.id_name = (settings.id_header or "").lower()
        self._request_filter = HeaderFilter.of_requests(settings)
        self.response_filter = HeaderFilter.of_responses(settings)
        self._router = Router(settings, model)
        self._recorder: Recorder | None = None
        self._origin = 0
        self._sampler = Sampler(settings)
        self._keeps_all = self._sampler.keeps_all
        self.durable = settings.durability != "fast"
        self._logged_failure = False
        self._within: dict[Tap, Tap] = {}
        self._pages: list[PageEndpoint] = []

    def _limit_bodies(self) -> None:
        """Set the maximum number of bytes of each body."""
        settings = self.settings
        keeps_requests = settings.capture_request_body or bool(settings.challengers)
        self.request_limit = settings.max_body_bytes if keeps_requests else 0
        self.response_limit = settings.max_body_bytes if settings.capture_response_body else 0

    def within(self, outer: Tap, model: ModelChooser = None) -> Tap:
        """Return the tap to use instead of this one for requests that passed `outer` first.

        It has the masks of both taps. Conflicting options are logged once; `model` is the model
        of this tap if its calls define it.
        """
        tap = self._within.get(outer)
        if tap is None:
            tap = self._within[outer] = self._with_masks_of(outer)
            inner_model = model or self.model
            if message := conflict_message(self.settings, inner_model, outer.settings, outer.model):
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
        """Return True if the tap serves this path, whether or not an exchange is sampled."""
        try:
            return not self.disabled and self._router.model_for(method, path) is not None
        except Exception as error:
            self.log_failure(error)
            return False

    def begin(
        self,
        method: str,
        path: str,
        query: bytes,
        headers: Collection[tuple[Any, Any]],
        outer_id: str | None = None,
    ) -> Exchange | None:
        """Return the exchange to fill, or None if the request is not tapped.

        It has the headers to keep. `outer_id` is the id that an outer tap assigned to the request.
        """
        if self.disabled:
            return None
        try:
            model = self._router.model_for(method, path)
            if model is None:
                return None
            kept = self._request_filter.kept(headers)
            now = time.time()
            id_ = outer_id or new_id(now)
            exchange = Exchange(
                self.source, model, method, path, query, kept, now, self._origin, id_
            )
            return exchange if self._keeps_all or self._sampler.accepts(exchange) else None
        except Exception as error:
            self.log_failure(error)
            return None

    def begin_call(self, model: str, name: str) -> Exchange | None:
        """Return the exchange to fill for a call that is not HTTP, or None if it is left out."""
        if self.disabled:
            return None
        now = time.time()
        exchange = Exchange(self.source, model, "", name, b"", (), now, self._origin, new_id(now))
        return exchange if self._keeps_all or self._sampler.accepts(exchange) else None

    def finish(self, exchange: Exchange) -> Ticket | None:
        """Pass a finished exchange to the recorder; return a ticket if it is durable."""
        try:
            if not (exchange.sampled or exchange.failed()):
                return None
            if self._mask_body is not None:
                mask_bodies(exchange, self._mask_body)
            if self._version_of is not None:
                exchange.version = self._version_now(self._version_of)
            recorder = self._recorder or self._joined()
            if self.durable:
                return recorder.put_durably(pack(self._origin, exchange))
            recorder.put(pack(self._origin, exchange))
        except Exception as error:
            self.log_failure(error)
        return None

    def _version_now(self, function: VersionFunction) -> str:
        try:
            return version_of_app(function)
        except Exception as error:  # the exchange is worth recording without its version
            self.log_failure(error)
            return ""

    def own_endpoints(self) -> list[OwnEndpoint]:
        """Return the endpoints that the tap serves itself, as they are configured."""
        if self.disabled:
            return []
        settings = self.settings
        endpoints: list[OwnEndpoint] = []
        if settings.labels_endpoint is not None:
            endpoints.append(self._labels_endpoint())
        if settings.metrics_endpoint is not None or settings.dashboard is not None:
            from modeltap.tap.endpoints.page_endpoint import page_endpoints  # few apps have one

            self._pages = page_endpoints(settings)
            endpoints += self._pages
        return endpoints

    def _labels_endpoint(self) -> OwnEndpoint:
        from modeltap.tap.labelling.labels_endpoint import LabelsEndpoint  # few apps have one

        model = self.model if isinstance(self.model, str) else None
        return LabelsEndpoint(
            self.settings,
            model,
            start=lambda: self._joined().start(),
            flush=lambda: self._joined().flush(_LABEL_WAIT_SECONDS),
        )

    def _joined(self) -> Recorder:
        """Return the recorder of this tap's store, which knows the tap."""
        if self._recorder is None:
            recorder = recorders.of(self.settings)
            self._origin = recorder.join(self.settings)
            self._recorder = recorder
            for page in self._pages:
                page.report_queue(recorder.stats)
        return self._recorder

    def wait(self, ticket: Ticket | None) -> None:
        """Wait for the commit of a durable exchange, up to a timeout, blocking the thread."""
        if ticket is not None:
            deadline = time.monotonic() + self.settings.commit_timeout_seconds
            while self._is_pending(ticket, deadline):
                time.sleep(_POLL_SECONDS)

    async def wait_async(self, ticket: Ticket | None) -> None:
        """Wait as `wait` does, without blocking the event loop."""
        if ticket is not None:
            # Imported here, because a bare app that does not wait may not have loaded it.
            from anyio import sleep

            deadline = time.monotonic() + self.settings.commit_timeout_seconds
            while self._is_pending(ticket, deadline):
                await sleep(_POLL_SECONDS)

    def _is_pending(self, ticket: Ticket, deadline: float) -> bool:
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
            self.log_failure(error)

    def log_failure(self, error: Exception) -> None:
        """Log a failure of the tap once; it is never raised to the app."""
        if not self._logged_failure:
            self._logged_failure = True
            logger.error("modeltap: an exchange could not be tapped: %r", error)


def _spellings(name: bytes | None) -> tuple[bytes, ...]:
    """Return a header's name as configured and in the spellings of servers and clients."""
    return () if name is None else (name, name.lower(), name.title())
