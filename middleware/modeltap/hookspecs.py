"""The hooks that plugins implement. Built-in protocols, frameworks and channels use the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modeltap.config.settings import ModelChooser
    from modeltap.config.webhook_settings import WebhookSettings
    from modeltap.payload import Decoded, DecodedMany, Payload

hookspec = pluggy.HookspecMarker("modeltap")
hookimpl = pluggy.HookimplMarker("modeltap")


@hookspec(firstresult=True)
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Put the tap into `app` and return what is to be served; None if `app` is not yours."""


@hookspec(firstresult=True)
def decode(payload: Payload) -> Decoded | None:
    """Turn one exchange's bodies into rows and predictions; None if the protocol is not yours."""


@hookspec(firstresult=True)
def decode_many(
    requests: Sequence[str | bytes | None], responses: Sequence[str | bytes | None]
) -> DecodedMany | None:
    """Beside `decode`, for speed: the same for N exchanges alike; None to have each decoded."""


@hookspec(firstresult=True)
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings, message_id: str, timestamp: int
) -> tuple[bytes, dict[str, str]] | None:
    """Write `event` as body and headers for `webhook`; None if its format is not yours."""


@hookspec(firstresult=True)
def send_event(event: Mapping[str, Any], webhook: WebhookSettings, message_id: str) -> bool | None:
    """Send `event` by means of your own; None if the format is not yours, False if it failed."""
