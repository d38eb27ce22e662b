"""A thread's alarm clock: a pipe to itself, at which it can wait together with other pipes."""

from __future__ import annotations

import os


class Wakeup:
    """Wakes the thread that polls `descriptor`; callers hold the lock that both sides share.

    >>> wakeup = Wakeup()
    >>> wakeup.ring(), wakeup.ring(), wakeup.stop_ringing(), wakeup.close()
    (None, None, None, None)
    """

    def __init__(self) -> None:
        self.descriptor, self._input = os.pipe()
        self._rings = False

    def ring(self) -> None:
        """Wake the thread; nothing more while it has not stopped the ringing."""
        if not self._rings:
            self._rings = True
            os.write(self._input, b".")

    def stop_ringing(self) -> None:
        """Sleep on until the next ring."""
        os.read(self.descriptor, 16)
        self._rings = False

    def close(self) -> None:
        """Close both ends."""
        os.close(self.descriptor)
        os.close(self._input)
