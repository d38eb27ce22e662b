"""Nested taps: a request that passes several taps is recorded once.

Taps are nested if an app is watched twice, or mounts another watched app. The innermost tap that
serves the path of a request records it, with its own options, the masks of all taps around it
and the id of the outermost tap.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from modeltap.tap.tapping import Tap

Call = tuple[object, str, object]
"""A request's method, path and query."""

PLACE = "modeltap.place"
"""The key of the innermost tap's place in the ASGI scope or WSGI environ of a request."""


class Place(msgspec.Struct):
    """The place of a tap in the chain of taps that a request passes.

    An inner tap may take over the recording. A tap that leaves the request out has a place, too,
    because its masks apply. Places hold little, because the app may keep them alive.
    """

    tap: Tap
    id: str | None
    yields_to_inner: bool
    outer: Place | None = None
    taken: bool = False

    def add_inner(self, claims: bool) -> None:
        """Register an inner tap; `claims` is True if it serves the path of the request."""
        self.taken = self.taken or claims or self.yields_to_inner
        if self.outer is not None:
            self.outer.add_inner(claims)

    def __reduce__(self) -> Any:
        """Become None if the scope is pickled, as Ray's proxy does."""
        return _none, ()


def _none() -> None:
    return None


class AroundWSGI:
    """The tapped request of ASGI in which a mounted WSGI app may run.

    The environ of such an app is created for it, so only the call can be compared. Requests are
    noted only in processes with a WSGI tap, because most have none.
    """

    def __init__(self) -> None:
        self.is_needed = False
        self._current: ContextVar[tuple[Call, Place] | None] = ContextVar(
            "modeltap_around_wsgi", default=None
        )

    def set(self, call: Call, place: Place | None) -> None:
        """Note the request of the current context and its place, None after its end."""
        # `reset` would raise if the coroutine ends in another context than it began in.
        self._current.set(None if place is None else (call, place))

    def current(self) -> tuple[Call, Place] | None:
        """Return the tapped request of this context and its place, if there is one."""
        return self._current.get()


around_wsgi = AroundWSGI()
