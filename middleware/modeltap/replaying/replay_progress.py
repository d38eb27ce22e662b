"""Progress of a replay, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

OnSettled = Callable[[int], None]
"""Called with the number of requests that were settled since the last call."""

ShowProgress = Callable[[int], AbstractContextManager[OnSettled]]
"""Returns a context manager for a number of requests, such as a progress bar."""


@contextmanager
def no_progress(_count: int) -> Iterator[OnSettled]:
    """Show nothing.

    >>> with no_progress(10) as on_settled:
    ...     on_settled(10)
    """
    yield lambda _: None
