"""The logger of modeltap. Names in records are escaped, so that each record is one line."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings

from modeltap.printable import escaped, escaped_lines


class _Escaping(logging.Filter):
    """Escapes the names in a record before a handler of the app writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if message != (safe := escaped(message)):
            record.msg, record.args = safe, ()
        if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
            # Formatters use `exc_text`, if set, instead of formatting the traceback.
            record.exc_text = traceback_of(record.exc_info[1])
        return True


logger = logging.getLogger("modeltap")
logger.addFilter(_Escaping())


class LineFormatter(logging.Formatter):
    """Formats the records of all libraries for a terminal, with the message on one line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the record's line."""
        return escaped(super().formatMessage(record))

    def formatException(self, ei: object) -> str:  # noqa: N802
        """Return the traceback of the error in `ei`, a result of `sys.exc_info`."""
        error = ei[1] if isinstance(ei, tuple) else None
        return traceback_of(error) if isinstance(error, BaseException) else ""

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        """Return a stack with each frame on its own lines."""
        return escaped_lines(stack_info)


def traceback_of(error: BaseException) -> str:
    r"""Return an error's traceback with the error's message on one line.

    >>> print(traceback_of(ValueError("no\nTraceback (most recent call last):\x1b[2J")))
    ValueError: no\nTraceback (most recent call last):\x1b[2J
    """
    lines: list[str] = []
    for chunk in traceback.format_exception(error):
        text = chunk.strip("\n")
        # A frame has two or three lines with a file name and source code; the rest is one line.
        lines.append(escaped_lines(text) if text.startswith("  File ") else escaped(text))
    return "\n".join(lines)


def log_to_standard_error() -> None:
    """Write this process's logs, warnings and tracebacks to standard error, escaped."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logger.setLevel(logging.INFO)
    warnings.formatwarning = _warning_line
    sys.excepthook = lambda _, error, __: _report(error)
    threading.excepthook = lambda thrown: _report(thrown.exc_value)


def log_levels() -> None:
    """Start each line of this process's log with its level, for the scheduler that reads it."""
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
