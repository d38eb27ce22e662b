"""Changes that forms may make; the pages' tests send them."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.dashboard.pages.alert_changes import change_alert_by_form
from modeltap.errors import ModeltapError
from modeltap.store.connection import connect


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "unknown action ''"),
        ({"action": "<script>"}, "unknown action"),
        ({"action": "acknowledge"}, "no alert has the id"),
        ({"action": "silence", "for": "2h"}, "no alert has the id"),
        ({"action": "silence", "for": "-1h"}, "not a valid duration"),
        ({"action": "silence", "for": "99999999d"}, "is too long"),
        ({"action": "note", "note": "x"}, "no alert has the id"),
        ({"action": "note", "note": "\n"}, "the note is empty"),
        ({"action": "send", "message": "m"}, "no alert has the id"),
        ({"action": "end_silence", "silence": "s"}, "no active silence"),
    ],
)
def test_other_forms_are_refused(tmp_path, form, says):
    store = connect(tmp_path / "taps.db")
    with closing(store), pytest.raises(ModeltapError, match=says):
        change_alert_by_form(store, "nobody", form)
