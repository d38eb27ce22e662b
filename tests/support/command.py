"""The command line as people call it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

_OF_THE_START = ("PYTHON", "LC_", "LANG", "TZ", "OMP_", "LD_")
"""How the variables begin that count when a process starts: a forked one would not see them."""


def modeltap(*words, code=0, **options):
    """Run the command as people do; return what it printed."""
    done = completed(*words, **options)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr or done.stdout


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def completed(*words, env=None, cwd=None, typed=None, text=True, timeout=240):
    """Run `python -m modeltap` to its end, in a process of its own; as `subprocess.run` does.

    Args:
        typed: what is on its standard input, otherwise empty.
    """
    with ExitStack() as files:
        streams = [files.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        if typed is not None:
            streams[0].write(typed.encode() if text else typed)
            streams[0].seek(0)
        code = started(*words, streams=streams, env=env, cwd=cwd).wait(timeout)
        outputs = [_content(file) for file in streams[1:]]
    if text:
        outputs = [output.decode().replace("\r\n", "\n") for output in outputs]
    return subprocess.CompletedProcess(words, code, *outputs)


def started(*words, streams, env=None, cwd=None):
    """Start `python -m modeltap` with three open files or their numbers; it has `wait(timeout)`.

    The process is forked from one that has imported modeltap, or begins from nothing if a variable
    is set that Python reads when it starts.
    """
    words = list(map(str, words))
    environment = dict(os.environ if env is None else env)
    host = _Host.started()
    if _at_start(environment) == host.environment:
        return host.fork(words, environment, cwd, streams)
    command = [sys.executable, "-m", "modeltap", *words]
    stdin, stdout, stderr = streams
    return subprocess.Popen(
        command, env=environment, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr
    )


def _content(file):
    file.seek(0)
    return file.read()


def _at_start(environment):
    return {name: value for name, value in environment.items() if name.startswith(_OF_THE_START)}


class _Host:
    """The process that commands are forked from; see `command_host.py`."""

    def __init__(self):
        self.environment = _at_start(os.environ)
        self._control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            script = Path(__file__).with_name("command_host.py")
            self._process = subprocess.Popen(
                [sys.executable, script, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )

    @classmethod
    @cache
    def started(cls):
        """Return the one host of this process."""
        return cls()

    def fork(self, words, environment, folder, streams):
        umask = os.umask(0)
        os.umask(umask)
        request = {
            "words": words,
            "environment": environment,
            "folder": str(Path(folder or ".").absolute()),
            "umask": umask,
        }
        numbers = [stream if isinstance(stream, int) else stream.fileno() for stream in streams]
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [b"command"], [*numbers, theirs.fileno()])
        ours.sendall(json.dumps(request).encode())
        ours.shutdown(socket.SHUT_WR)
        return _Forked(ours)


class _Forked:
    """A process that was forked from the host."""

    def __init__(self, reply):
        self._reply = reply

    def wait(self, timeout):
        """Return the exit code once the process has ended."""
        with self._reply:
            self._reply.settimeout(timeout)
            answer = self._reply.recv(100)
        assert answer, "the host of the commands has ended"
        return int(answer)
