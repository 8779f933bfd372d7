"""TCP through a temporary VXLAN link, the only test that shows a NIC's broken checksum offload for tunnels."""

from __future__ import annotations

import errno
import hashlib
import os
import selectors
import socket
import subprocess
import time
from typing import Any

from .words import ABSENT

LINK = "ulprobe"
_VNI = 16_000_001
_PORT = 7001
# Seconds for TCP from its peer's first ping reply, for that reply (other hosts can be much slower), and between pings.
_TCP_TIMEOUT, _ABSENT_AFTER, _PING_INTERVAL = 5.0, 20.0, 0.1
# An empty ICMP echo request; its checksum is the complement of its type.
_ECHO = bytes([8, 0, 0xF7, 0xFF, 0, 0, 0, 0])
# Sizes around the size of a segment, and many segments at once, for segmentation offload.
_SIZES = (1, 64, -1, 0, 1, 3, 40_000)
_TCP_IP = 40


def address_of(number: int) -> str:
    """Return a host's address in the tunnel; 198.18.0.0/15 is reserved for benchmarks (RFC 2544)."""
    return f"198.18.{number >> 8}.{number & 255}"


def _hardware(number: int) -> str:
    return f"02:75:6c:00:{number >> 8:02x}:{number & 255:02x}"


class ProbeTunnel:
    """The link and its neighbours, as a context; the end removes it, and kernel modules that it loaded.

    :raises OSError: when the link cannot be created.
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self._me, self._peers = plan["me"], {int(n): a for n, a in plan["peers"].items()}
        tunnel = plan["tunnel"]
        self._local, self._port, self._mtu = plan["address"], tunnel["port"], tunnel["mtu"]
        self._with = sorted({*tunnel["to"], *tunnel["from"]})
        self._modules: set[str] = set()

    def __enter__(self) -> ProbeTunnel:
        self._modules = _modules()
        lines = [
            f"link add {LINK} address {_hardware(self._me)} mtu {self._mtu} type vxlan id {_VNI}"
            f" local {self._local} dstport {self._port} nolearning",
            f"addr add {address_of(self._me)}/15 dev {LINK}",
            f"link set {LINK} up",
        ]
        lines += [f"neigh replace {address_of(n)} lladdr {_hardware(n)} dev {LINK}" for n in self._with]
        _batch("ip", lines)
        _batch("bridge", [f"fdb replace {_hardware(n)} dev {LINK} dst {self._peers[n]}" for n in self._with])
        return self

    def __exit__(self, *_: object) -> None:
        remove()
        for module in sorted(_modules() - self._modules):
            subprocess.run(["modprobe", "-r", module], stderr=subprocess.DEVNULL, check=False)


def remove() -> None:
    """Remove the link, if it exists."""
    subprocess.run(["ip", "link", "del", LINK], stderr=subprocess.DEVNULL, check=False)


def body(mtu: int) -> bytes:
    """Return the bytes to send: writes of all sizes, in sequence; `mtu` is the tunnel's."""
    segment = mtu - _TCP_IP
    sizes = [size if size > 3 else segment + size if size < 1 else segment * size + size for size in _SIZES]
    return b"".join(hashlib.sha256(bytes([i])).digest() * (size // 32 + 1) for i, size in enumerate(sizes))


def exchange(plan: dict[str, Any]) -> dict[int, str]:
    """Send to the plan's peers, and serve those that send to this host.

    :returns: peer -> "ok", what is wrong, or ABSENT if its end of the tunnel never answered.
    """
    return _Exchange(plan).run()


class _Exchange:
    """A peer whose tunnel is up answers pings, which offloads do not affect; from then on TCP must pass."""

    def __init__(self, plan: dict[str, Any]) -> None:
        tunnel = plan["tunnel"]
        self._text = body(tunnel["mtu"])
        self._want = hashlib.sha256(self._text).hexdigest().encode()
        self._waiting, self._callers = {int(n) for n in tunnel["to"]}, len(tunnel["from"])
        self._number = {address_of(n): n for n in self._waiting}
        self._there: dict[int, float] = {}
        self._calls: dict[socket.socket, _Call] = {}
        self._heard: dict[socket.socket, bytearray] = {}
        self._served = 0
        self._results: dict[int, str] = {}
        self._selector = selectors.DefaultSelector()
        self._server = socket.create_server((address_of(plan["me"]), _PORT), backlog=64)
        self._ping = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        for made in (self._server, self._ping):
            made.setblocking(False)
            self._selector.register(made, selectors.EVENT_READ)

    def run(self) -> dict[int, str]:
        began = last = time.monotonic()
        self._look()
        while (now := time.monotonic()) < began + _ABSENT_AFTER or self._calls:
            if now > last + _PING_INTERVAL:
                self._look()
                last = now
            self._start()
            for key, _ in self._selector.select(_PING_INTERVAL):
                assert isinstance(key.fileobj, socket.socket)
                self._serve(key.fileobj)
            self._give_up()
            if not self._waiting and not self._calls and self._served >= self._callers:
                break
        self._results |= dict.fromkeys(self._waiting, ABSENT)
        for made in [self._server, self._ping, *self._heard, *self._calls]:
            made.close()
        self._selector.close()
        return self._results

    def _look(self) -> None:
        for peer in self._waiting - self._there.keys():
            try:
                self._ping.sendto(_ECHO, (address_of(peer), 0))
            except OSError:
                continue

    def _start(self) -> None:
        for peer in self._waiting & self._there.keys():
            call = _Call(peer, self._text, since=self._there[peer])
            self._calls[call.socket] = call
            self._selector.register(call.socket, selectors.EVENT_WRITE)
            self._waiting.discard(peer)

    def _serve(self, made: socket.socket) -> None:
        if made is self._ping:
            self._pinged()
        elif made is self._server:
            self._accept()
        elif made in self._heard:
            self._served += _take(made, self._heard, len(self._text), self._selector)
        elif made in self._calls:
            self._step(self._calls[made])

    def _pinged(self) -> None:
        try:
            data, source = self._ping.recvfrom(1500)
        except OSError:
            return
        header = (data[0] & 15) * 4
        if data[header] == 0 and source[0] in self._number:
            self._there.setdefault(self._number[source[0]], time.monotonic())

    def _accept(self) -> None:
        try:
            connection, _ = self._server.accept()
        except OSError:
            return
        connection.setblocking(False)
        self._heard[connection] = bytearray()
        self._selector.register(connection, selectors.EVENT_READ)

    def _step(self, call: _Call) -> None:
        done = call.step(self._want)
        if done is None:
            self._selector.modify(call.socket, call.wants)
            return
        self._end(call)
        if done == "again":
            # The refusal passed through the tunnel; the peer does not listen yet.
            time.sleep(0.02)
            self._there[call.peer] = time.monotonic()
            self._waiting.add(call.peer)
        else:
            self._results[call.peer] = done

    def _give_up(self) -> None:
        for call in list(self._calls.values()):
            if time.monotonic() > call.since + _TCP_TIMEOUT:
                self._results[call.peer] = call.stalled()
                self._end(call)

    def _end(self, call: _Call) -> None:
        self._selector.unregister(call.socket)
        call.socket.close()
        del self._calls[call.socket]


class _Call:
    """One connection: all bytes are sent, and the peer replies with their digest."""

    def __init__(self, peer: int, text: bytes, *, since: float) -> None:
        self.peer, self.since, self._left, self._got = peer, since, memoryview(text), b""
        self._all, self.wants = len(text), selectors.EVENT_WRITE
        self._connected = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.connect_ex((address_of(peer), _PORT))

    def step(self, want: bytes) -> str | None:
        """Continue; return None while it is not finished, "again" if the peer does not listen yet, or the result."""
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            return "again" if code == errno.ECONNREFUSED else os.strerror(code)
        self._connected = True
        try:
            if self._left:
                self._left = self._left[self.socket.send(self._left[:65536]) :]
                self.wants = selectors.EVENT_WRITE if self._left else selectors.EVENT_READ
                return None
            self._got += self.socket.recv(256)
        except BlockingIOError:
            return None
        except OSError as error:
            return os.strerror(error.errno or 0)
        if len(self._got) < len(want):
            return None
        return "ok" if self._got == want else "received bytes differ from those sent"

    def stalled(self) -> str:
        """Return what is wrong with a connection that timed out."""
        if not self._connected:
            return "pings pass, but no connection is established"
        return f"stalled after {self._all - len(self._left)} of {self._all} bytes"


def _take(
    made: socket.socket, heard: dict[socket.socket, bytearray], size: int, selector: selectors.BaseSelector
) -> int:
    """Receive; return 1 when all bytes are received and answered, else 0."""
    try:
        data = made.recv(1 << 16)
    except BlockingIOError:
        return 0
    except OSError:
        data = b""
    heard[made] += data
    if data and len(heard[made]) < size:
        return 0
    if data:
        made.send(hashlib.sha256(heard[made]).hexdigest().encode())
    selector.unregister(made)
    made.close()
    del heard[made]
    return 1 if data else 0


def _batch(tool: str, lines: list[str]) -> None:
    ran = subprocess.run([tool, "-batch", "-"], input="\n".join(lines).encode(), capture_output=True, check=False)
    if ran.returncode:
        raise OSError(ran.stderr.decode().strip().splitlines()[0] if ran.stderr else f"{tool} failed")


def _modules() -> set[str]:
    try:
        with open("/proc/modules", encoding="utf-8") as file:
            return {line.split()[0] for line in file}
    except OSError:
        return set()
