"""A local HTTP server with the layout of upstream's downloads, which can fail as servers do."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Behaviour:
    """How a path is served: `cut_after` bytes of a body, for the first `times` requests; then well. A path that `wants`
    a token refuses whoever shows none, and says that /token gives one. One that has a `location` sends others there."""

    status: int = 200
    cut_after: int | None = None
    stall_after: int | None = None
    ranges: bool = True
    times: int = 10**6
    wants: str | None = None
    location: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Upstream:
    """`files` is path -> content; `served` counts the bytes of bodies by path, `requested` the Range headers.

    `tls` is the certificate and key that it serves https with; `realm` is where it says that tokens are, by default its own.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    served: dict[str, int] = field(default_factory=dict)
    requested: list[tuple[str, str | None]] = field(default_factory=list)
    encodings: list[str | None] = field(default_factory=list)
    tls: tuple[Path, Path] | None = None
    realm: str = ""
    handler: type[BaseHTTPRequestHandler] | None = None

    def __enter__(self) -> Upstream:
        upstream = self

        class Handler(self.handler or Answers):  # type: ignore[name-defined,misc]
            owner = upstream

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"

    def put(self, path: str, content: bytes, **behaviour: Any) -> str:
        self.files["/" + path.lstrip("/")] = content
        self.behaviours["/" + path.lstrip("/")] = Behaviour(**behaviour)
        return f"{self.url}/{path.lstrip('/')}"


class Answers(BaseHTTPRequestHandler):
    """`below` stands before the path of every request."""

    owner: Upstream
    protocol_version = "HTTP/1.1"
    below = ""

    def do_GET(self) -> None:
        owner, path = self.owner, self.below + self.path.partition("?")[0]
        owner.requested.append((self.below + self.path, self.headers.get("Range")))
        owner.encodings.append(self.headers.get("Accept-Encoding"))
        content = owner.files.get(path)
        how = owner.behaviours.get(path, Behaviour())
        if how.times <= 0:
            how = Behaviour()
        elif path in owner.behaviours:
            how.times -= 1
        if how.wants and self.headers.get("Authorization") != f"Bearer {how.wants}":
            realm = f'Bearer realm="{owner.realm or owner.url + "/token"}",service="registry.example",scope="repository:charts/x:pull"'
            self._answer(401, b"{}", {"WWW-Authenticate": realm})
            return
        if how.location:
            self._answer(302, b"", {"Location": how.location})
            return
        if content is None or how.status != 200:
            self._answer(404 if content is None else how.status, b"sorry\n")
            return
        start = self._start() if how.ranges else 0
        if start and start >= len(content):
            self._answer(416, b"")
            return
        body = content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        for name, text in how.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        limit = how.cut_after if how.cut_after is not None else how.stall_after
        sent = body if limit is None else body[:limit]
        owner.served[path] = owner.served.get(path, 0) + len(sent)
        self.wfile.write(sent)
        self.wfile.flush()
        if how.stall_after is not None:
            time.sleep(4)
        if limit is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _start(self) -> int:
        header = self.headers.get("Range") or ""
        return int(header.removeprefix("bytes=").partition("-")[0] or 0) if header else 0

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def leftovers(directory: Path) -> list[str]:
    """Names of all files below a directory."""
    return sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file())
