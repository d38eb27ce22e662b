"""A pipe that wakes a thread, which can poll it together with other pipes."""

from __future__ import annotations

import os


class Wakeup:
    """Wakes the thread that polls `descriptor`; callers must hold a common lock.

    >>> wakeup = Wakeup()
    >>> wakeup.ring(), wakeup.ring(), wakeup.stop_ringing(), wakeup.close()
    (None, None, None, None)
    """

    def __init__(self) -> None:
        self.descriptor, self._input = os.pipe()
        self._rings = False

    def ring(self) -> None:
        """Wake the thread; has no effect until the thread calls `stop_ringing`."""
        if not self._rings:
            self._rings = True
            os.write(self._input, b".")

    def stop_ringing(self) -> None:
        """Reset the wakeup, so that the thread can sleep until the next ring."""
        os.read(self.descriptor, 16)
        self._rings = False

    def close(self) -> None:
        """Close both ends of the pipe."""
        os.close(self.descriptor)
        os.close(self._input)
