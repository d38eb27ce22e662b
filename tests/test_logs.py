"""Logs: a record is one line, and a traceback keeps its frames."""

from __future__ import annotations

import io
import logging

import pytest

from modeltap.logs import LineFormatter, logger, traceback_of

FORGED = "name\nmodeltap: all is well\x1b[2J\u202e"
SHOWN = "name\\nmodeltap: all is well\\x1b[2J\\u202e"


@pytest.fixture
def written():
    """The output of an app's handler, which escapes nothing, for our records."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("message", "arguments"), [(FORGED, ()), ("%s", (FORGED,)), ("%(n)s", ({"n": FORGED},))]
)
def test_names_cannot_forge_lines_in_an_apps_log(written, message, arguments):
    logger.warning(message, *arguments)
    assert written.getvalue() == f"{SHOWN}\n"


def test_an_error_is_one_line_below_its_frames(written):
    try:
        raise ValueError(FORGED)
    except ValueError:
        logger.exception("modeltap: no findings of %s", "m")
    first, *frames, last = written.getvalue().rstrip("\n").split("\n")
    assert first == "modeltap: no findings of m" and last == f"ValueError: {SHOWN}"
    assert frames[0] == "Traceback (most recent call last):" and "test_logs.py" in frames[1]


def test_a_harmless_record_keeps_its_template(caplog):
    """Services that group records by template still can."""
    logger.warning("modeltap: %s is late", "m")
    assert caplog.records[0].msg == "modeltap: %s is late" and caplog.records[0].args == ("m",)


def test_other_libraries_records_are_escaped_by_the_commands():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter("%(message)s"))
    other = logging.Logger("other")
    other.addHandler(handler)
    try:
        raise KeyError("inner")
    except KeyError as inner:
        try:
            raise OSError(FORGED) from inner
        except OSError:
            other.error("%s", FORGED, exc_info=True, stack_info=True)
    lines = stream.getvalue().split("\n")
    assert lines[0] == SHOWN and f"OSError: {SHOWN}" in lines and "KeyError: 'inner'" in lines
    assert any(line.startswith("Stack (most recent call last):") for line in lines)


def test_tracebacks_of_groups_and_syntax_errors_are_shown():
    with pytest.raises(ExceptionGroup) as group:
        raise ExceptionGroup(FORGED, [ValueError(FORGED)])
    with pytest.raises(SyntaxError) as wrong:
        compile("a = (\x1b", "file\x1b.py", "exec")
    for caught in (group, wrong):
        text = traceback_of(caught.value)
        assert "\x1b" not in text and "\u202e" not in text and "Traceback" in text
