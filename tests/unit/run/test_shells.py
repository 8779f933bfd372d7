"""Another process has shells on hosts over the connections of this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pyinfra.api import Host

from underlay.run.connections import connect
from underlay.run.shells import DESCRIPTOR, shells
from underlay.verify.shell_backend import NoFurtherShell, ShellBackend

from .ssh_server import Logins, SshServer


@pytest.fixture
def asking(host: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """The host, with this process in the other's place, too."""
    with shells(host.state, {}) as descriptor:
        monkeypatch.setenv(DESCRIPTOR, str(descriptor))
        yield host


@pytest.fixture
def backend(asking: Host) -> Iterator[Callable[[], ShellBackend]]:
    opened: list[ShellBackend] = []

    def opens() -> ShellBackend:
        opened.append(ShellBackend(asking.name))
        return opened[-1]

    yield opens
    for shell in opened:
        shell.close()


def test_commands_run_one_after_another_in_one_session(logins: Logins, backend: Callable[[], ShellBackend]) -> None:
    shell = backend()
    assert shell.run("echo out; echo err >&2; exit 3").rc == 3
    found = shell.run("head -c %s /dev/zero; echo err >&2", "200000")
    assert (found.rc, len(found.stdout), found.stderr) == (0, 200_000, "err\n")
    assert shell.run("cat").stdout == ""
    assert len(logins.commands) == 1


def test_shells_on_one_host_run_side_by_side(backend: Callable[[], ShellBackend], logins: Logins) -> None:
    fifo = logins.bin / "fifo"
    one, other = backend(), backend()
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(one.run, f"mkfifo {fifo}; cat {fifo}")
        other.run(f"while [ ! -p {fifo} ]; do sleep 0.05; done; echo met >{fifo}")
        assert waits.result().stdout == "met\n"


def test_a_host_that_grants_one_session_says_so(logins: Logins, backend: Callable[[], ShellBackend]) -> None:
    logins.sessions = 1
    first = backend()
    with pytest.raises(NoFurtherShell):
        backend()
    assert first.run("echo one").stdout == "one\n"


def test_a_command_that_hangs_gives_its_shell_up(backend: Callable[[], ShellBackend]) -> None:
    shell = backend()
    with pytest.raises(AssertionError, match=r"^w-1: it does not answer within 0\.5 s"):
        shell.run_within(0.5, "exec sleep 60")
    with pytest.raises(AssertionError, match=r"^w-1: it does not answer within 0\.5 s"):
        shell.run("true")


def test_a_connection_that_ends_is_the_error_of_each_command(
    server: SshServer, backend: Callable[[], ShellBackend]
) -> None:
    shell = backend()
    server.close()
    for _ in range(2):
        with pytest.raises(AssertionError, match=r"^w-1: it does not answer over SSH any more"):
            shell.run("true")
    # A new shell finds the reason why there is no new connection.
    with pytest.raises(AssertionError, match=r"^w-1: port \d+ refuses connections \(.*\); start sshd there"):
        backend().run("true")


def test_a_lost_connection_is_made_anew_for_a_new_shell(
    server: SshServer, asking: Host, backend: Callable[[], ShellBackend]
) -> None:
    for transport in server.transports:
        transport.close()
    assert backend().run("echo back").stdout == "back\n"


def test_a_host_that_was_tried_in_vain_is_not_tried_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(host)
    with shells(host.state, {"w-1": "sudo wants a password"}) as descriptor:
        monkeypatch.setenv(DESCRIPTOR, str(descriptor))
        with pytest.raises(AssertionError, match=r"^w-1: sudo wants a password$"):
            ShellBackend("w-1").run("true")


def test_without_anybody_to_ask_each_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DESCRIPTOR, raising=False)
    with pytest.raises(AssertionError, match=r"^w-1: nobody here has a connection to it"):
        ShellBackend("w-1").run("true")
