"""A real proxy for tests: Debian's tinyproxy, in the foreground, as an ordinary process."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .stand_in import ENDS_WITH_US

PROGRAM = shutil.which("tinyproxy")
_START_S = 5.0


@dataclass
class TinyProxy:
    """`directory` gets its configuration and its log; `allowed` are regular expressions of names, all without any.

    `login` is `user password`, with a blank. `ports` are those that CONNECT may be for. It listens on `address`, at any
    free port without one.
    """

    directory: Path
    allowed: tuple[str, ...] = ()
    login: str = ""
    ports: tuple[int, ...] = ()
    address: str = "127.0.0.1"
    port: int = 0

    def __enter__(self) -> TinyProxy:
        self.port = self.port or _free_port()
        (self.directory / "tinyproxy.conf").write_text(self._configuration())
        self._process = subprocess.Popen(
            [*ENDS_WITH_US, "tinyproxy", "-d", "-c", str(self.directory / "tinyproxy.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + _START_S
        while socket.socket().connect_ex((self.address, self.port)):
            assert time.monotonic() < end, self.log
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    @property
    def log(self) -> str:
        """What was requested of it, and what it did."""
        path = self.directory / "tinyproxy.log"
        return path.read_text() if path.exists() else ""

    def _configuration(self) -> str:
        lines = [
            f"Port {self.port}",
            f"Listen {self.address}",
            f'LogFile "{self.directory}/tinyproxy.log"',
            "LogLevel Info",
        ]
        lines += [f"ConnectPort {port}" for port in self.ports]
        if self.login:
            lines.append(f"BasicAuth {self.login}")
        if self.allowed:
            (self.directory / "filter").write_text("\n".join(self.allowed) + "\n")
            lines += [f'Filter "{self.directory}/filter"', "FilterDefaultDeny Yes"]
        return "\n".join(lines) + "\n"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
