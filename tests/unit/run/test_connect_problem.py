"""Why there is no connection, in a sentence whose remedy can be followed."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paramiko
import pytest
from pyinfra.api import Host

from underlay.run import connections
from underlay.run.access_error import AccessError
from underlay.run.connect_problem import connect_problem
from underlay.run.connections import connect

from .ssh_server import Logins, SshServer

ANOTHER = paramiko.ECDSAKey.generate()


def reason(host: Host) -> str:
    with pytest.raises(AccessError) as refused:
        connect(host)
    return refused.value.reason


def key_file(path: Path, *, password: str = "") -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", password, "-f", path], check=True)
    return str(path)


def test_a_wrong_password(host_with: Callable[..., Host]) -> None:
    assert reason(host_with(ssh_password="no")) == (  # noqa: S106
        "the login as ops with this password is refused (Authentication failed.); set `ssh_user` and `ssh_key` or "
        "`ssh_password`, or load the key into an agent: `ssh-add`"
    )


def test_nothing_to_log_in_with(host_with: Callable[..., Host]) -> None:
    assert reason(host_with(ssh_password="")).startswith(
        "the login as ops is refused (No authentication methods available)"
    )


def test_a_key_that_the_host_does_not_know(host_with: Callable[..., Host], tmp_path: Path) -> None:
    assert reason(host_with(ssh_key=key_file(tmp_path / "key"), ssh_password="")) == (
        "the login as ops with this key is refused (Authentication failed.); "
        "correct `ssh_user` and `ssh_key`, and put the key into its authorized_keys"
    )


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", "its private key is encrypted ({}); set `ssh_key_password`, or load the key into an agent: `ssh-add`"),
        ("wrong", "the private key cannot be read ({}); correct `ssh_key`, or `ssh_key_password`"),
    ],
)
def test_an_encrypted_key(host_with: Callable[..., Host], tmp_path: Path, password: str, expected: str) -> None:
    key = key_file(tmp_path / "key", password="s3cret")  # noqa: S106
    assert reason(host_with(ssh_key=key, ssh_key_password=password)) == expected.format(key)


def test_an_encrypted_key_with_its_password(logins: Logins, host_with: Callable[..., Host], tmp_path: Path) -> None:
    key = key_file(tmp_path / "key", password="s3cret")  # noqa: S106
    logins.keys.append(paramiko.Ed25519Key.from_private_key_file(key, "s3cret"))
    connect(host_with(ssh_key=key, ssh_key_password="s3cret"))  # noqa: S106


def test_no_key(host_with: Callable[..., Host]) -> None:
    assert reason(host_with(ssh_key="/nowhere/key")) == "there is no such private key (/nowhere/key); correct `ssh_key`"


def test_a_file_that_is_no_key(host_with: Callable[..., Host], tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key\n")
    assert reason(host_with(ssh_key=str(tmp_path / "key"))).startswith("the private key cannot be read (")


def test_a_host_key_that_has_changed_and_then_is_not_known(
    server: SshServer, host_with: Callable[..., Host], tmp_path: Path
) -> None:
    known, name = tmp_path / "known", f"[127.0.0.1]:{server.port}"
    known.write_text(f"{name} {ANOTHER.get_name()} {ANOTHER.get_base64()}\n")
    changed = reason(host_with(ssh_known_hosts_file=str(known)))
    remedy = f"ssh-keygen -f {known} -R {name}"
    assert changed.startswith(f"its host key has changed ({name} shows SHA256:")
    assert f"; if the host was installed anew, run `{remedy}`, otherwise somebody else answers there" in changed
    subprocess.run(remedy.split(), check=True, capture_output=True)
    assert known.read_text() == ""
    # pyinfra remembers a file of host keys by its name.
    known = known.rename(tmp_path / "emptied")
    assert reason(host_with(ssh_known_hosts_file=str(known))) == (
        f"its host key is not known ({name}); add it once you have compared it: "
        f"`ssh-keyscan -p {server.port} 127.0.0.1 >>{known}`"
    )


def test_a_name_that_does_not_resolve(host_with: Callable[..., Host]) -> None:
    said = reason(host_with(ssh_hostname="w-1.invalid"))
    assert said.startswith("the name does not resolve (")
    assert said.endswith("; correct the name, `ssh_hostname`, or HostName in ~/.ssh/config")


def test_a_port_where_nobody_listens(host_with: Callable[..., Host]) -> None:
    assert reason(host_with(ssh_port=1)) == (
        "port 1 refuses connections (Connection refused); start sshd there, or correct `ssh_port`"
    )


@pytest.mark.parametrize("name", ["a" * 300, f"{'a' * 70}.example", "a..b"])
def test_a_name_that_no_host_can_have(host_with: Callable[..., Host], name: str) -> None:
    said = reason(host_with(ssh_hostname=name))
    assert said.startswith("no host has such a name (")
    assert said.endswith("; correct the name, `ssh_hostname`, or HostName in ~/.ssh/config")


def test_a_proxy_command_that_ends_is_no_login_that_is_refused(
    host_with: Callable[..., Host], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECT_S", 1)
    (tmp_path / "own").write_text("Host *\n  ProxyCommand false\n")
    said = reason(host_with(ssh_config_file=str(tmp_path / "own")))
    # It depends on whether its end or the end of its pipe is noticed first.
    assert said.startswith(("ProxyCommand fails (", "it closes connections before the login (")), said
    assert "ProxyCommand" in said


CONFIG = "~/.ssh/config (or ssh_config_file)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"Host\nnonsense\n", f"{CONFIG} cannot be read (Unparsable line Host); correct it"),
        (b"# caf\xe9\nHost w-1\n  User x\n", f"{CONFIG} is not UTF-8 ('utf-8' codec can't decode byte 0xe9"),
        (b"Host *\n  ProxyCommand /nowhere/nc %h %p\n",
         f"this machine cannot read or run /nowhere/nc (No such file or directory); correct the inventory, or {CONFIG}"),
        (b"Host *\n  IdentityFile /nowhere/key\n", "this machine cannot read or run /nowhere/key (No such file or "),
        (b"Host w-1\n  ProxyJump w-1\n", f"ProxyJump leads from a host back to itself; correct it in {CONFIG}"),
        (b"Host *\n  Port abc\n", f"Port is no number ('abc'); correct it in {CONFIG}"),
        (b"Host *\n  ProxyJump nobody.invalid\n", "ProxyJump leads from a host back to itself; correct it in "),
    ],
)  # fmt: skip
def test_what_is_wrong_in_sshs_own_configuration(
    host_with: Callable[..., Host], tmp_path: Path, text: bytes, expected: str
) -> None:
    (tmp_path / "own").write_bytes(text)
    name = {} if b"Identity" in text else {"ssh_hostname": "w-1"}
    assert reason(host_with(ssh_config_file=str(tmp_path / "own"), **name)).startswith(expected)


@pytest.mark.parametrize(
    "text", [b"PuTTY-User-Key-File-3: ssh-ed25519\n", b"", b"\xe9\xff\x00", b"ssh-ed25519 AAAA a\n"]
)
def test_whatever_a_key_file_has_in_it_is_told_as_the_keys(
    host_with: Callable[..., Host], tmp_path: Path, text: bytes
) -> None:
    (tmp_path / "key").write_bytes(text)
    said = reason(host_with(ssh_key=str(tmp_path / "key"), ssh_password=""))
    assert said.startswith(f"the private key cannot be read ({tmp_path / 'key'}); correct `ssh_key`")


@pytest.mark.parametrize(
    "text", [b"garbage\n@cert-authority * ssh-ed25519 AAAA\n", b"|1|x|y ssh-rsa ZZZ\n", b"\xe9\x00"]
)
def test_known_hosts_that_nobody_can_read_know_no_host(
    host_with: Callable[..., Host], tmp_path: Path, text: bytes
) -> None:
    (tmp_path / "odd").write_bytes(text)
    assert reason(host_with(ssh_known_hosts_file=str(tmp_path / "odd"))).startswith("its host key is not known (")


@pytest.mark.parametrize("banner", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_server_that_closes_before_the_login(host_with: Callable[..., Host], banner: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def close() -> None:
            connection, _ = listening.accept()
            connection.sendall(banner)
            connection.close()

        threading.Thread(target=close, daemon=True).start()
        said = reason(host_with(ssh_port=listening.getsockname()[1]))
    assert said.startswith("it closes connections before the login (")
    assert "PerSourcePenalties" in said


@pytest.mark.parametrize("banner", [b"", b"SSH-2.0-OpenSSH_10.0p2\r\n"])
def test_a_server_that_does_not_come_to_the_login(
    host_with: Callable[..., Host], monkeypatch: pytest.MonkeyPatch, banner: bytes
) -> None:
    monkeypatch.setattr(connections, "CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def pause() -> None:
            connection, _ = listening.accept()
            connection.sendall(banner)
            connection.recv(1 << 16)
            ended.wait()
            connection.close()

        ended = threading.Event()
        threading.Thread(target=pause, daemon=True).start()
        said = reason(host_with(ssh_port=listening.getsockname()[1]))
        ended.set()
    assert said.startswith("it does not come to the login (no keys are exchanged after 0.3 s); ")
    assert "UNDERLAY_PATIENCE" in said


def test_a_jump_host_whose_key_nobody_knows(
    server: SshServer, host_with: Callable[..., Host], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = host_with(ssh_hostname="w-1", ssh_config_file=str(tmp_path / "jumps"))
    (tmp_path / "jumps").write_text(f"Host w-1\n  ProxyJump ops@127.0.0.1:{server.port}\n")
    (tmp_path / "nothing").touch()
    monkeypatch.setattr("sys.stdin", (tmp_path / "nothing").open())
    assert reason(found) == (
        "the host key of its jump host is not known (and there is no terminal to ask at); add it to known_hosts, or set "
        "StrictHostKeyChecking accept-new for the jump host in ~/.ssh/config"
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError("timed out"), "no answer on port 22 (timed out); look at the host's console, and at firewalls on the way"),
        (OSError(113, "No route to host"), "there is no way to it (No route to host); look at the host's console, and at the routes on the way"),
        (paramiko.ChannelException(2, "Connect failed"), "the jump host does not reach it (Connect failed); correct ProxyJump, or look at the host's console"),
        (paramiko.ProxyCommandFailure("nc %h %p", 127), "ProxyCommand fails ("),
        (paramiko.BadAuthenticationType("Bad authentication type", ["publickey"]), "the login as ops is refused (it takes publickey only); "),
        (ConnectionResetError(104, "Connection reset by peer"), "it closes connections before the login (Connection reset by peer); wait a minute"),
        (paramiko.SSHException("Incompatible ssh peer (no acceptable kex algorithm)"), "SSH fails (Incompatible ssh peer (no acceptable kex algorithm)); see what `ssh -v` says"),
        (RuntimeError(), "it cannot be reached (RuntimeError); see what `ssh -v` says"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_on_loopback(error: BaseException, expected: str) -> None:
    assert connect_problem(error, user="ops", port=0).startswith(expected)


def test_whatever_a_connector_raises_is_one_line(host_with: Callable[..., Host], monkeypatch: Any) -> None:
    found = host_with()
    monkeypatch.setattr(type(found.connector), "_connect", lambda _: (_ for _ in ()).throw(ValueError("odd\nerror")))
    assert reason(found) == "it cannot be reached (odd error); see what `ssh -v` says"
