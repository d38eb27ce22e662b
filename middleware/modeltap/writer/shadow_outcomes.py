"""The outcomes of requests that were chosen for a challenger, as counted and shown."""

from __future__ import annotations

KEPT = "kept"
"""The challenger's predictions are in the store."""

TOO_LARGE = "request larger than max_body_bytes"
NOT_READ = "request not read by the app"
MASKED = "request masked by the app"
NOT_STORED = "exchange not stored"
SENDER_BUSY = "sender busy"
NO_SENDER = "sender not running"
"""Losses that the writer process counts."""

QUEUE_REQUESTS = "queue full: requests"
QUEUE_BYTES = "queue full: bytes"
PAUSED = "challenger paused after failures"
NOT_ALLOWED = "address not allowed"
CANNOT_BE_SENT = "request cannot be sent"
CONNECTION_FAILED = "connection failed"
TIMEOUT = "timeout"
REDIRECT = "redirect"
ERROR_STATUS = "error status"
RESPONSE_TOO_LARGE = "response larger than max_body_bytes"
NO_PREDICTION = "no prediction in the response"
ENDED = "app ended"
UNUSABLE_STORE = "store unusable"
"""Losses that the sender counts."""

OF_WRITER = (TOO_LARGE, NOT_READ, MASKED, NOT_STORED, SENDER_BUSY, NO_SENDER)

OF_SENDER = (
    KEPT,
    QUEUE_REQUESTS,
    QUEUE_BYTES,
    PAUSED,
    NOT_ALLOWED,
    CANNOT_BE_SENT,
    CONNECTION_FAILED,
    TIMEOUT,
    REDIRECT,
    ERROR_STATUS,
    RESPONSE_TOO_LARGE,
    NO_PREDICTION,
    ENDED,
    UNUSABLE_STORE,
)

OUTCOMES = OF_WRITER + OF_SENDER
"""All outcomes, in the order of their counters in shared memory. Each has one counting process."""
