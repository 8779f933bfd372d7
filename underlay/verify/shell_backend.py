"""A testinfra backend that keeps one shell open on a host: a check costs a few forks there, not a process here."""

from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Lock
from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

# Runs each command line it reads (its length first) and answers with its exit status and the sizes of its outputs.
_SERVE = """\
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; LC_ALL=C; export LC_ALL
while read -r size; do
  head -c "$size" >"$d/command"
  sh "$d/command" >"$d/out" 2>"$d/err" </dev/null
  echo "$? $(stat -c %s "$d/out" "$d/err" | tr '\\n' ' ')"; cat "$d/out" "$d/err"
done
"""


class ShellBackend(BaseBackend):  # type: ignore[misc]
    """Over `ssh -F CONFIG HOST`; through sudo where the user is not root."""

    NAME = "shell"

    def __init__(self, name: str, *, ssh_config: Path, root: bool = True) -> None:
        super().__init__(name)
        # A dash that reads a script from its own standard input would swallow the commands: pass it with -c.
        serve = _SERVE.replace("'", "'\\''")
        remote = f"{'' if root else 'sudo -n '}sh -c '{serve}'"
        self._process = subprocess.Popen(
            ["ssh", "-F", str(ssh_config), name, remote],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C is for us: what the checks created is removed over this shell.
            start_new_session=True,
        )
        self._lock = Lock()

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        text = self.get_command(command, *args).encode()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            try:
                self._process.stdin.write(b"%d\n%s" % (len(text), text))
                self._process.stdin.flush()
                header = self._process.stdout.readline().split()
            except BrokenPipeError:
                header = []
            if len(header) != 3:
                raise AssertionError(f"{self.hostname} does not answer over SSH")
            code, out, err = (int(field) for field in header)
            stdout, stderr = self._process.stdout.read(out), self._process.stdout.read(err)
        return self.result(code, text, stdout, stderr)

    def decode(self, data: bytes) -> str:
        return data.decode(errors="replace")

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


def open_host(name: str, *, ssh_config: Path, root: bool) -> Host:
    """A testinfra host, connected."""
    backend = ShellBackend(name, ssh_config=ssh_config, root=root)
    host = Host(backend)
    backend.set_host(host)
    return host
