"""Taps around taps: an app watched twice, or with a mounted app that is watched, is one record.

The innermost tap that serves a request's path records it, with its own options, the masks of
all taps around it and the outermost tap's id; those around it leave it alone.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modeltap.tap.tapping import Tap

Call = tuple[object, str, object]
"""A request's method, path and query."""


class Place:
    """A tap on the way of a request, which one further within may take over.

    A tap that leaves the request out has a place, too, because its masks count. Tasks that the
    app starts within a request live on with its context, so it holds no more.
    """

    __slots__ = ("_asgi", "_call", "_gives_way", "_outer", "id", "taken", "tap")

    def __init__(
        self,
        tap: Tap,
        id: str | None,  # noqa: A002
        gives_way: bool,
        call: Call,
        asgi: object = None,
        outer: Place | None = None,
    ) -> None:
        self.tap = tap
        self.id = id
        self.taken = False
        self._gives_way = gives_way
        self._call = call
        self._asgi = asgi
        self._outer = outer

    def is_of_scope(self, asgi: object) -> bool:
        """Return True if a tap with this ``scope["asgi"]`` stands in the same request.

        Mounts copy the scope, but not what is in it; a call of another app within this
        request (by httpx's ASGI transport, say) has a scope of its own.
        """
        return asgi is not None and asgi is self._asgi

    def is_of_call(self, call: Call) -> bool:
        """Say the same of a WSGI app, mounted in an ASGI one: its environ is made anew."""
        return call == self._call

    def meet(self, claims: bool) -> None:
        """Another tap is further within; `claims` says whether it serves the request's path."""
        self.taken = self.taken or claims or self._gives_way
        if self._outer is not None:
            self._outer.meet(claims)


# Not in the scope, which some servers (Ray's proxy) pickle and send on.
PLACE: ContextVar[Place | None] = ContextVar("modeltap_place", default=None)
