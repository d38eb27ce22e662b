"""The private folder in which the processes of an app find the one that makes its pages.

Files of one app and configuration share a name:

    NAME.sock    the socket of the process
    NAME.lock    held by this process, so that there is only one; the kernel releases it
    NAME.users   held together by all processes of the app; without a holder the process ends
    NAME.key     the secret of the dashboard's forms, which outlives the process
    NAME.PID.queue    the socket on which a process of the app reports its queue
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from modeltap.tap.endpoints.own_endpoint import PagesUnavailable

_LONGEST_ADDRESS = 103
"""Bytes of a socket's path on macOS; Linux has 107."""

_LONGEST_BASE = 50
"""The same for the folder of temporary files, with room for the names in it."""

_SHORT_BASE = "/tmp"


def page_folder() -> Path:
    """Return the user's folder for sockets, which no other user can enter.

    Raises `PagesUnavailable` if it cannot be made, or may belong to another user.
    """
    base = tempfile.gettempdir()
    if len(os.fsencode(base)) > _LONGEST_BASE and Path(_SHORT_BASE).is_dir():
        base = _SHORT_BASE
    folder = Path(base, f"modeltap-{os.geteuid()}")
    try:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        status = folder.lstat()
    except OSError as error:
        raise PagesUnavailable(
            f"folder {str(folder)!r} cannot be made: {error.strerror}; set TMPDIR to a writable one"
        ) from error
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    if not is_ours or stat.S_IMODE(status.st_mode) & 0o077:
        raise PagesUnavailable(
            f"{str(folder)!r} is not a folder that only this user can enter; remove it, or set "
            "TMPDIR to a private folder"
        )
    return folder


def socket_path(folder: Path, name: str) -> str:
    """Return the path of a socket; raise `PagesUnavailable` if it is too long."""
    path = str(folder / f"{name}.sock")
    if len(os.fsencode(path)) > _LONGEST_ADDRESS:
        raise PagesUnavailable(
            f"the path {path!r} is too long for a socket; set TMPDIR to a shorter one"
        )
    return path


def hold(path: Path, *, shared: bool) -> int | None:
    """Return the descriptor of a locked file; None if others hold it. The kernel releases it."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            if _is_still_there(descriptor, path):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.close(descriptor)  # its last holder has removed it


def _is_still_there(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def remove(folder: Path, name: str) -> None:
    """Remove all files of a name; the caller holds its locks."""
    for path in folder.glob(f"{name}.*"):
        path.unlink(missing_ok=True)
