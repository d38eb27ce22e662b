"""An OpenAI-style server that rates outputs, or misbehaves; a real one on loopback."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def choice_line(text, name):
    """Return the letter of a choice in a question."""
    return re.search(rf"^([A-J]): {re.escape(name)}$", text, re.M)[1]


def output_of(text):
    """Return the rated output in a question."""
    return re.search(r"<output>\n(.*)\n</output>", text, re.S)[1]


def polite(text):
    """Rate an output as good if it has a thank you."""
    return choice_line(text, "good" if "thank you" in output_of(text) else "bad")


class JudgeServer:
    """Replies by a function of the question; `behaviour` is what else it does."""

    def __init__(self, port, reply=polite):
        self.url = f"http://127.0.0.1:{port}/v1"
        self.reply = reply
        self.behaviour = "answers"
        self.usage = {"total_tokens": 20}
        self.requests = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def settings(self, **options):
        return {"url": self.url, "model": "small", "rubric": "Is it polite?", **options}

    def handle(self, handler):
        body = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        with self._lock:
            self.requests.append((handler.path, dict(handler.headers), body))
            number = len(self.requests)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        self._answer(handler, body["messages"][-1]["content"], number)

    def _answer(self, handler, text, number):
        behaviour = self.behaviour
        if behaviour == "flaps":  # every second call fails
            behaviour = "busy" if number % 2 else "answers"
        if behaviour == "slow":
            time.sleep(5)
        if behaviour == "trickles":
            self._send(handler, 200, b"{" + b" " * 500, pause=0.1)
        elif behaviour == "resets":
            with self._lock:
                self._at_once -= 1
            # With no time to linger, closing sends a reset.
            handler.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            handler.connection.close()
        elif behaviour == "busy":
            self._send(handler, 429, b'{"error": "slow down"}', {"retry-after": "0.05"})
        elif behaviour == "fails":
            self._send(handler, 503, b"unavailable")
        elif behaviour == "unauthorized":
            self._send(handler, 401, b'{"error": "bad key"}')
        elif behaviour == "moved":
            self._send(handler, 302, b"", {"location": "http://127.0.0.1:1/"})
        elif behaviour == "html":
            self._send(
                handler, 200, b"<!doctype html><p>Sign in</p>", {"content-type": "text/html"}
            )
        elif behaviour == "other_json":
            self._send(handler, 200, b'{"choices": [], "object": "list"}')
        elif behaviour == "huge":
            self._send(handler, 200, b"[" + b"1," * 1_000_000 + b"1]")
        else:
            self._complete(handler, behaviour, text)

    def _complete(self, handler, behaviour, text):
        message = {"role": "assistant", "content": self.reply(text)}
        if behaviour == "refuses":
            message = {"role": "assistant", "content": None, "refusal": "I cannot rate this."}
        if behaviour == "nonsense":
            message["content"] = "As a rater, I find this delightful! 7/10"
        document = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        if self.usage is not None:
            document["usage"] = self.usage
        self._send(handler, 200, json.dumps(document).encode())

    def _send(self, handler, status, content, headers=None, pause=0.0):
        # A call ends with its first byte: the client sends its next before this thread goes on.
        with self._lock:
            self._at_once -= 1
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        try:
            for start in range(0, len(content), 10 if pause else len(content) or 1):
                handler.wfile.write(content[start : start + (10 if pause else len(content))])
                time.sleep(pause)
        except OSError:
            pass  # the client has left


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that left is no error of the test."""


@contextmanager
def judge_server(reply=polite):
    """Yield a running `JudgeServer`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            judge.handle(self)

        def log_message(self, *_):
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    judge = JudgeServer(server.server_address[1], reply)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield judge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
