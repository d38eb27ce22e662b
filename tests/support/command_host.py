"""A process that has imported modeltap, and forks a process for each command.

Started by `command.py`. A command is `python -m modeltap` in a process of its own, with its own
folder, environment and streams; only the half second of imports is shared between commands.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import selectors
import socket
import sys
import threading
from contextlib import suppress

_PACKAGES = ("modeltap", "modeltap_protocols", "modeltap_channels", "modeltap_evaluators")

_LATE = ("httpx", "jmespath", "scipy.sparse", "sklearn.ensemble", "sklearn.linear_model", "wcwidth")
"""Libraries that commands import when they need them."""

_PROGRAMS = ("__main__", ".injected", ".demo.app")
"""Modules that act when they are imported."""

_STREAMS = ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w"))


def main():
    """Fork a process for each message on the socket whose number is the argument."""
    sys.path.pop(0)  # the folder of this script; a command has its own folder instead
    control = socket.socket(fileno=int(sys.argv[1]))
    _import_all()
    gc.collect()
    gc.freeze()  # a collection in a forked process would copy all memory
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.data is not None:
                    selector.unregister(key.fd)
                    _report(key.fd, *key.data)
                    continue
                message, descriptors, _, _ = socket.recv_fds(control, 100, 4)
                if not message:
                    return  # the tests have ended
                reply = socket.socket(fileno=descriptors.pop())
                request = _read(reply)
                pid = os.fork()
                if not pid:
                    selector.close()
                    control.close()
                    reply.close()
                    _become(request, descriptors)
                for descriptor in descriptors:
                    os.close(descriptor)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, reply))


def _import_all():
    """Import what commands import."""
    for name in _LATE:
        importlib.import_module(name)
    for package in _PACKAGES:
        folders = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(folders, f"{package}."):
            if not any(part in module.name for part in _PROGRAMS):
                importlib.import_module(module.name)


def _read(reply):
    with reply.makefile("rb") as file:
        return json.load(file)


def _become(request, descriptors):
    """Be the process `python -m modeltap`."""
    for descriptor, (number, name, mode) in zip(descriptors, _STREAMS, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
        file = os.fdopen(number, f"{mode}b", closefd=False)
        errors = "backslashreplace" if number == 2 else "strict"
        lines = number == 2 or os.isatty(number)
        stream = io.TextIOWrapper(file, "utf-8", errors, line_buffering=lines)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.umask(request["umask"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path.insert(0, request["folder"])
    sys.argv = ["modeltap", *request["words"]]
    try:
        runpy.run_module("modeltap", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    # Python would also free each object, and so copy all memory, before it ends.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _report(process, pid, reply):
    """Send the exit code of a process that has ended, as `subprocess` counts them."""
    os.close(process)
    _, status = os.waitpid(pid, 0)
    with suppress(OSError):  # nobody waits for it any more
        reply.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    reply.close()


if __name__ == "__main__":
    main()
