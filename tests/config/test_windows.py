"""Windows and references that must fit together."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"reference": "previous 1d", "window": "500 rows"}, "needs time windows"),
        ({"reference": "same hours last week", "window": "1 month"}, "needs time windows"),
        ({"reference": "previous 1h", "window": "1d"}, "is shorter than a window"),
        ({"reference": "last year"}, "is invalid"),
        ({"window": "5 months"}, "is invalid"),
    ],
)
def test_incompatible_windows_are_an_error(options, reason):
    """The error is raised at the start of the app."""
    from modeltap.config import sources
    from modeltap.errors import ConfigError

    with pytest.raises(ConfigError, match=reason):
        sources.load(options, environ={})
