"""One call of a judge's endpoint, bounded in time and size."""

from __future__ import annotations

import time
from typing import Any

import httpx

from modeltap.config.evaluation.judge_settings import JudgeSettings
from modeltap.config.validation import from_environment
from modeltap.judge.judge_replies import JudgeReply, reply_of

_MOST_BYTES = 1_000_000
"""A larger response is not a rating."""

_LONGEST_RETRY_AFTER = 60.0
"""Seconds: a server that asks for more is left alone until the next pass."""


class JudgeClient:
    """Sends questions to one endpoint; safe to use from several threads."""

    def __init__(self, judge: JudgeSettings) -> None:
        self._judge = judge
        headers = {"content-type": "application/json"}
        if judge.api_key is not None:
            key = from_environment(judge.api_key, "judge.api_key").strip()
            headers["authorization"] = f"Bearer {key}"
        self._client = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(judge.timeout_seconds),
            limits=httpx.Limits(max_connections=judge.concurrency),
            follow_redirects=False,
        )

    def ask(self, body: dict[str, Any], listed: tuple[str, ...]) -> JudgeReply:
        """Send a request; return the reply, or the reason why there is none. Never raises."""
        deadline = time.monotonic() + self._judge.timeout_seconds
        try:
            with self._client.stream("POST", self._judge.endpoint, json=body) as response:
                content = bytearray()
                for chunk in response.iter_bytes():
                    content += chunk
                    if time.monotonic() > deadline:
                        return JudgeReply("timeout")
                    if len(content) > _MOST_BYTES:
                        return JudgeReply("unexpected", detail="over 1 MB")
                return self._reply(response, bytes(content), listed)
        except httpx.TimeoutException:
            return JudgeReply("timeout")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            return JudgeReply("connection", detail=type(error).__name__)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _reply(
        self, response: httpx.Response, content: bytes, listed: tuple[str, ...]
    ) -> JudgeReply:
        status = response.status_code
        if status == 429:
            return JudgeReply("rate_limited", retry_after=_retry_after(response))
        if status >= 500:
            return JudgeReply("server_error", detail=f"status {status}")
        if not 200 <= status < 300:
            return JudgeReply("rejected", detail=f"status {status}")
        return reply_of(content, listed)


def _retry_after(response: httpx.Response) -> float | None:
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds <= _LONGEST_RETRY_AFTER else None
