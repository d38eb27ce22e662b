"""Nested taps: a request that passes several taps is recorded once.

Taps are nested if an app is watched twice, or mounts another watched app. The innermost tap that
serves the path of a request records it, with its own options, the masks of all taps around it
and the id of the outermost tap.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from modeltap.tap.tapping import Tap

Call = tuple[object, str, object]
"""A request's method, path and query."""


class Place(msgspec.Struct, gc=False):
    """The place of a tap in the chain of taps that a request passes.

    An inner tap may take over the recording. A tap that leaves the request out has a place, too,
    because its masks apply. Places hold little, because tasks that the app starts keep the context
    of the request alive, and nothing that may refer to them, because the garbage collector does
    not visit them.
    """

    tap: Tap
    id: str | None
    yields_to_inner: bool
    call: Call
    asgi: object = None
    outer: Place | None = None
    taken: bool = False

    def is_of_scope(self, asgi: object) -> bool:
        """Return True if a tap with this ``scope["asgi"]`` belongs to the same request.

        Mounts make a shallow copy of the scope. A call of another app during this request (for
        example by httpx's ASGI transport) has another scope.
        """
        return asgi is not None and asgi is self.asgi

    def is_of_call(self, call: Call) -> bool:
        """Return True if a WSGI app, mounted in this ASGI app, serves the same request.

        The environ of a mounted WSGI app is created for it, so only the call can be compared.
        """
        return call == self.call

    def add_inner(self, claims: bool) -> None:
        """Register an inner tap; `claims` is True if it serves the path of the request."""
        self.taken = self.taken or claims or self.yields_to_inner
        if self.outer is not None:
            self.outer.add_inner(claims)


# Not stored in the scope, which some servers (Ray's proxy) pickle and forward.
_PLACE: ContextVar[Place | None] = ContextVar("modeltap_place", default=None)

# Bound once: Python looks up a method of an imported object in each call.
current_place, set_place = _PLACE.get, _PLACE.set
