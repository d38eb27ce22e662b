"""The labels endpoint: checks a post by its method, token and size, and stores its labels."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment, parse_mode
from modeltap.errors import ConfigError, ModeltapError
from modeltap.logs import logger
from modeltap.store.connection import connect, synchronize, writing
from modeltap.store.sent_labels import (
    RejectedLabel,
    SentLabel,
    has_unknown_ids,
    store_labels,
)
from modeltap.tap.endpoints.own_endpoint import LATER, OwnReply, OwnRequest, json_reply
from modeltap.tap.endpoints.page_access import is_same_token
from modeltap.tap.labelling.label_bodies import BodyRefused, labels_in

MAX_BODY_BYTES = 1024 * 1024
"""The largest body: 10,000 labels have some 700 KB. It is parsed in the app's process."""

_SOURCE = "endpoint"


class LabelsEndpoint:
    """The endpoint of one app; nothing is opened before the first valid post.

    Args:
        model: the model of the labels; None if the app serves several.
        start: starts the recorder, and with it the analysis, if no request has done so.
        flush: waits for the exchanges that this process has not written yet.

    Raises `ConfigError` if there is no token, or if its variable is not set.
    """

    option = "labels_endpoint"
    has_pages_below = False
    max_body_bytes = MAX_BODY_BYTES
    threads = 1  # SQLite allows a single writer
    most_at_once = 32  # so that the memory of posts is bounded

    def __init__(
        self,
        settings: Settings,
        model: str | None,
        start: Callable[[], None],
        flush: Callable[[], object],
    ) -> None:
        self.path = settings.labels_endpoint or ""
        self._settings = settings
        self._model = model
        self._start = start
        self._flush = flush
        token = from_environment(settings.labels_token or "", "labels_token").strip()
        if not token:
            # Checked here and not with the options: commands read them without the app's token.
            raise ConfigError(
                "labels_endpoint needs labels_token, so that only those who know it can send "
                "labels; set labels_token='env:NAME'"
            )
        self._token = token

    def refusal(self, request: OwnRequest) -> OwnReply | None:
        """Return the response to a post that is refused without reading its body; else None."""
        if request.method != "POST":
            return _error(405, "send labels by POST", ("allow", "POST"))
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not is_same_token(token.strip(), self._token):
            return _error(
                401,
                "the token is missing or wrong; send the header Authorization: Bearer TOKEN",
                ("www-authenticate", "Bearer"),
            )
        return self.too_large() if (request.length or 0) > MAX_BODY_BYTES else None

    def answer(self, request: OwnRequest, body: bytes) -> OwnReply:
        """Store the labels of a body, and return the response; see `store`."""
        return self.store(body, request.headers.get("content-type", ""))

    def too_large(self) -> OwnReply:
        """Return the response to a body with too many bytes."""
        return _error(
            413, f"the body has more than {MAX_BODY_BYTES:,} bytes; send the labels in parts"
        )

    def busy(self) -> OwnReply:
        """Return the response to a post while too many others wait."""
        return _error(503, "too many posts of labels at once; send them again", LATER)

    def store(self, body: bytes, media: str) -> OwnReply:
        """Store the labels of a body, and return the response; never raises.

        Blocks the calling thread until the labels are committed.
        """
        try:
            return self._stored(labels_in(body, media))
        except BodyRefused as refused:
            return _error(refused.status, str(refused))
        except (sqlite3.Error, ModeltapError) as error:
            logger.error("modeltap: labels could not be stored: %s", error)
            return _error(503, "the labels could not be stored; send them again", LATER)
        except Exception as error:
            logger.exception("modeltap: labels could not be stored: %r", error)
            return _error(500, "the labels could not be stored; the app's log has the reason")

    def _stored(self, entries: list[SentLabel | RejectedLabel]) -> OwnReply:
        labels = {n: entry for n, entry in enumerate(entries) if isinstance(entry, SentLabel)}
        rejected = [entry for entry in entries if isinstance(entry, RejectedLabel)]
        accepted = unknown = 0
        if labels:
            self._start()
            with closing(self._connected()) as connection:
                if has_unknown_ids(connection, labels.values()):
                    self._flush()  # a client may send a label right after the response
                with writing(connection):
                    taken = store_labels(connection, labels, source=_SOURCE, model=self._model)
            accepted, unknown = taken.accepted, taken.unknown
            rejected = sorted([*rejected, *taken.rejected])
        return json_reply(
            202,
            {
                "accepted": accepted,
                "unknown": unknown,
                "rejected": [asdict(entry) for entry in rejected],
            },
        )

    def _connected(self) -> sqlite3.Connection:
        mode = parse_mode(self._settings.store_mode)
        connection = connect(Path(self._settings.store), in_child=True, mode=mode)
        synchronize(connection, with_disk=self._settings.durability == "power")
        return connection


def _error(status: int, reason: str, *headers: tuple[str, str]) -> OwnReply:
    return json_reply(status, {"error": reason}, *headers)
