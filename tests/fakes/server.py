"""An answering function in, a loopback HTTP server in a thread out. Nothing here knows GitHub."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Reply:
    """`cut`: only so many bytes of the body are sent before the connection is reset. `length`: what Content-Length says
    instead of the truth. `delay`: seconds before the answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])
    cut: int | None = None
    length: int | None = None
    delay: float = 0.0


@dataclass
class Asked:
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    method: str = "GET"
    body: bytes = b""
    url: str = ""
    """Path and query as they were sent, undecoded."""

    def json(self) -> Any:
        return json.loads(self.body)


def json_reply(body: Any, status: int = 200) -> Reply:
    headers = {"Content-Type": "application/json; charset=utf-8", "X-RateLimit-Remaining": "4987"}
    return Reply(status, json.dumps(body).encode(), headers)


def serve(answer: Callable[[Asked], Reply], port: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two writes: the second would wait 40 ms for an ACK

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            headers = {k.lower(): v for k, v in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            reply = answer(Asked(parts.path, query, headers, self.command, body, self.path))
            time.sleep(reply.delay)
            self.send_response(reply.status)
            length = len(reply.body) if reply.length is None else reply.length
            for key, value in {**reply.headers, "Content-Length": str(length)}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else reply.body[: reply.cut])
            if reply.cut is not None or length != len(reply.body):
                self.wfile.flush()
                # A reset, not a close: the other end must not take the cut body for a whole one.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that went away in the middle is what some tests are about."""

    server = Server(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


def stop(*servers: ThreadingHTTPServer) -> None:
    for server in servers:
        server.shutdown()
        server.server_close()


class FakeVendor:
    """A vendor's server with state: a subclass answers in `answer`. A context manager.

    `requests` is what was asked, in order. Each of `next_replies` answers one request instead of it; `always` answers
    all of them; `after` maps a number of requests to the reply that every later one gets (a token that runs out).
    """

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Asked] = []
        self.next_replies: list[Reply] = []
        self.always: Reply | None = None
        self.after: tuple[int, Reply] | None = None
        self._server = serve(self._reply, port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._server)

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def _reply(self, asked: Asked) -> Reply:
        self.requests.append(asked)
        if self.next_replies:
            return self.next_replies.pop(0)
        if self.after and len(self.requests) > self.after[0]:
            return self.after[1]
        return self.always or self.answer(asked)
