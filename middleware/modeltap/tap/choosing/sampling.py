"""Sampling: keeps a fraction of exchanges, with the same decision in all services of a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modeltap.privacy.headers import text_of, trace_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modeltap.config.settings import Settings
    from modeltap.privacy.headers import Header
    from modeltap.tap.exchange import Exchange


class Sampler:
    """Samples exchanges by trace id, else by their own id."""

    def __init__(self, settings: Settings) -> None:
        self._rate = settings.sample_rate
        self._error_rate = settings.error_sample_rate or 0.0
        self.keeps_all = self._rate >= 1.0

    def accepts(self, exchange: Exchange) -> bool:
        """Return True if `exchange` is tapped, or would be if it fails (then not `sampled`)."""
        key = _trace_of(exchange.request_headers) or exchange.id
        exchange.sampled = sampled(key, self._rate)
        return exchange.sampled or sampled(key, self._error_rate)


def sampled(key: str, rate: float) -> bool:
    """Return True if `key` (a trace id or an exchange id) is in the fraction `rate`.

    The last 8 hexadecimal digits decide, so that all services of a trace agree.

    >>> sampled("0af7651916cd43dd8448eb211c80319c", 1.0)
    True
    >>> sampled("0af7651916cd43dd8448eb21ffffffff", 0.5)
    False
    """
    try:
        return int(key[-8:], 16) < rate * 0x1_0000_0000
    except ValueError:
        return True


def _trace_of(headers: Iterable[Header]) -> str | None:
    """Return the trace id of the first ``traceparent`` header; None without a valid one."""
    for name, value in headers:
        if name == "traceparent":
            return trace_id(text_of(value))
    return None
