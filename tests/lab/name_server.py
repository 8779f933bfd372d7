"""A name server outside a lab's cluster, where its hosts' resolv.conf says there is one: the world, as DNS knows it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer, ThreadingUDPServer
from threading import Thread

_PORT = 53
_HEADER = struct.Struct(">HHHHHH")
# ". 0 IN NS a.", whatever is asked; it is good for no time, and CoreDNS keeps it for five seconds.
_RECORD = b"\0" + struct.pack(">HHIH", 2, 1, 0, 3) + b"\1a\0"


def reply(query: bytes) -> bytes:
    """An answer without error to a question of RFC 1035; what comes after the question is left out."""
    end = _HEADER.size
    while query[end]:
        end += 1 + query[end]
    question = query[_HEADER.size : end + 5]
    return _HEADER.pack(_HEADER.unpack_from(query)[0], 0x8180, 1, 1, 0, 0) + question + _RECORD


class _Datagrams(BaseRequestHandler):
    def handle(self) -> None:
        query, socket = self.request
        socket.sendto(reply(query), self.client_address)


class _Streams(BaseRequestHandler):
    def handle(self) -> None:
        with self.request.makefile("rwb") as stream:
            while size := stream.read(2):
                answer = reply(stream.read(int.from_bytes(size, "big")))
                stream.write(len(answer).to_bytes(2, "big") + answer)
                stream.flush()


@contextmanager
def answering(address: str) -> Iterator[None]:
    """Answer at an address of this machine, by UDP and TCP."""
    servers = [ThreadingUDPServer((address, _PORT), _Datagrams), ThreadingTCPServer((address, _PORT), _Streams)]
    for server in servers:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
