"""The logger of modeltap: a record is one line, whatever the names in it hold."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings

from modeltap.printable import escaped, escaped_lines


class _Escaping(logging.Filter):
    """Escapes the names in a record before any handler of the app's writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if message != (safe := escaped(message)):
            record.msg, record.args = safe, ()
        if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
            # Formatters take a text that is there for the traceback.
            record.exc_text = traceback_of(record.exc_info[1])
        return True


logger = logging.getLogger("modeltap")
logger.addFilter(_Escaping())


class LineFormatter(logging.Formatter):
    """Writes the records of every library for a terminal: the message on one line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the record's line."""
        return escaped(super().formatMessage(record))

    def formatException(self, ei: object) -> str:  # noqa: N802
        """Return the traceback of the error that `ei`, as of `sys.exc_info`, holds."""
        error = ei[1] if isinstance(ei, tuple) else None
        return traceback_of(error) if isinstance(error, BaseException) else ""

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        """Return a stack, each frame on its own lines."""
        return escaped_lines(stack_info)


def traceback_of(error: BaseException) -> str:
    r"""Return an error's traceback; the error's own message stays on one line.

    >>> print(traceback_of(ValueError("no\nTraceback (most recent call last):\x1b[2J")))
    ValueError: no\nTraceback (most recent call last):\x1b[2J
    """
    lines: list[str] = []
    for chunk in traceback.format_exception(error):
        text = chunk.strip("\n")
        # A frame is two lines or three, of file names and source code; all else is one.
        lines.append(escaped_lines(text) if text.startswith("  File ") else escaped(text))
    return "\n".join(lines)


def log_to_standard_error() -> None:
    """Have logs, warnings and tracebacks of this process written line by line, escaped."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logger.setLevel(logging.INFO)
    warnings.formatwarning = _warning_line
    sys.excepthook = lambda _, error, __: _report(error)
    threading.excepthook = lambda thrown: _report(thrown.exc_value)


def log_levels() -> None:
    """Have the lines of this process begin with their level, for the scheduler that reads them."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(LineFormatter("%(levelname)s: %(message)s"))


def _report(error: BaseException | None) -> None:
    if error is not None:
        sys.stderr.write(f"{traceback_of(error)}\n")


def _warning_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,  # noqa: ARG001
) -> str:
    return f"{escaped(f'{filename}:{lineno}: {category.__name__}: {message}')}\n"
