"""An emulator of the Compute Engine calls that routes need, on loopback, with the state of a project."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_BASE = "/compute/v1/projects/p"
INSTANCES = "https://www.googleapis.com/compute/v1/projects/p/zones/z1/instances"


@dataclass
class Project:
    """A project `p` with one network `pods-net` and a zone `z1`; collections are name -> resource as the API has it."""

    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    routes: dict[str, dict[str, Any]] = field(default_factory=dict)
    firewalls: dict[str, dict[str, Any]] = field(default_factory=dict)
    limit: int = 100
    refuse: str | None = None
    calls: list[str] = field(default_factory=list)
    endpoint: str = ""

    def launch(self, name: str, address: str, *, forwards: bool = True) -> None:
        self.instances[name] = {
            "name": name,
            "selfLink": f"{INSTANCES}/{name}",
            "canIpForward": forwards,
            "networkInterfaces": [{"networkIP": address}],
        }

    def answer(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        self.calls.append(f"{method} {path.removeprefix(_BASE)}")
        if self.refuse:
            return 403, {"error": {"code": 403, "message": self.refuse}}
        if path == _BASE:
            return 200, {"name": "p", "quotas": [{"metric": "ROUTES", "usage": len(self.routes), "limit": self.limit}]}
        if path == f"{_BASE}/zones/z1/instances":
            return 200, {"items": list(self.instances.values())}
        if found := re.fullmatch(rf"{_BASE}/global/(routes|firewalls)(?:/(\S+))?", path):
            return self._collection(getattr(self, found[1]), method, found[2], body)
        if "/operations/" in path:
            return 200, _DONE
        return 404, {"error": {"code": 404, "message": f"no {path}"}}

    def _collection(
        self, collection: dict[str, Any], method: str, name: str | None, body: dict[str, Any] | None
    ) -> tuple[int, dict[str, Any]]:
        if method == "GET":
            return 200, {"items": list(collection.values())}
        if method == "DELETE" and name in collection:
            del collection[name]
            return 200, _DONE
        if method == "POST" and body and body["name"] not in collection:
            collection[body["name"]] = body
            return 200, _DONE
        return 409, {"error": {"code": 409, "message": f"{name or body} is there already, or not at all"}}


_DONE = {"kind": "compute#operation", "name": "operation-1", "status": "DONE", "progress": 100}


@contextmanager
def emulated(project: Project) -> Iterator[Project]:
    """Serve the project until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            code, document = project.answer(self.command, self.path.partition("?")[0], body)
            text = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    project.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield project
    finally:
        server.shutdown()
        server.server_close()
