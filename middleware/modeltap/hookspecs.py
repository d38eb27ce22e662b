"""Hooks for plugins. The built-in protocols, frameworks and channels implement the same hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
    from modeltap.config.settings import ModelChooser
    from modeltap.config.webhook_settings import WebhookSettings
    from modeltap.payload import Decoded, DecodedMany, EvaluatedOutput, Payload

hookspec = pluggy.HookspecMarker("modeltap")
hookimpl = pluggy.HookimplMarker("modeltap")


@hookspec(firstresult=True)
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Add the tap to `app` and return the app to serve; None if its type is not supported."""


@hookspec(firstresult=True)
def decode(payload: Payload) -> Decoded | None:
    """Decode an exchange's bodies into rows and predictions; None if the protocol differs."""


@hookspec(firstresult=True)
def decode_many(
    requests: Sequence[str | bytes | None], responses: Sequence[str | bytes | None]
) -> DecodedMany | None:
    """Decode N similar exchanges at once, for speed; None to use `decode` for each of them."""


@hookspec
def measure(
    model: str, rows: Sequence[Mapping[str, Any]]
) -> Mapping[str, Sequence[float | None]] | None:
    """Return values of labelled rows by name, one for each row; None for another model."""


@hookspec(firstresult=True)
def score(
    evaluator: EvaluatorSettings, outputs: Sequence[EvaluatedOutput]
) -> Sequence[bool | float | None] | None:
    """Return whether each output passes, or a number; None if the kind is another plugin's."""


@hookspec(firstresult=True)
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings, message_id: str, timestamp: int
) -> tuple[bytes, dict[str, str]] | None:
    """Format `event` as a body and headers for `webhook`; None if the format differs."""


@hookspec(firstresult=True)
def send_event(event: Mapping[str, Any], webhook: WebhookSettings, message_id: str) -> bool | None:
    """Send `event` without HTTP; None if the format differs, False if sending failed."""
