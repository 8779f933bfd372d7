"""Whatever pyinfra reaches, every command reaches; where the way fails, each host is one line with the reason.

Two hosts that nothing is deployed to, as plain SSH hosts: what is asked of them before anything is installed shows it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from underlay.lab.model.paths import LabPaths
from underlay.verify.connections import Connections
from underlay.verify.shell_backend import NoFurtherShell, ShellBackend

from .deployed import PYINFRA, ROOT, UNDERLAY, Deployed, Run
from .waiting import COMMAND_S, until

pytestmark = [pytest.mark.lab]

INVENTORY = "tests/lab/inventories/ways.py"
ADDRESSES = {"cp-1": "10.203.1.11", "w-1": "10.203.1.21"}
AT = LabPaths.of("ways")
OPS: dict[str, Any] = {"ssh_user": "ops"}
PASSWORD = "s3cret"  # noqa: S105
# A user with a password, as root has one; start-up files that say things, the last without an end of line; neither SFTP
# nor a program in /tmp, and no room there.
PREPARE = rf"""
useradd -m -s /bin/bash ops; printf 'ops:{PASSWORD}\nroot:{PASSWORD}\n' | chpasswd
mkdir ~ops/.ssh; cp ~/.ssh/authorized_keys ~ops/.ssh/; chown -R ops ~ops/.ssh
sed -i '/^Subsystem/d' /etc/ssh/sshd_config; systemctl reload ssh
mount -o remount,size=1m,noexec /tmp; head -c 2m /dev/zero >/tmp/full 2>/dev/null
cat >>/etc/skel/said <<'END'
echo 'Password: ' >&2; echo '@0 0'; printf 'Password: ' >&2; printf '\033]0;%s\007' "$USER@w-1"
END
cat /etc/skel/said ~/.bashrc >~ops/.bashrc; cp ~ops/.bashrc ~/.bashrc
"""


@pytest.fixture(scope="module")
def ways() -> Iterator[Deployed]:
    lab = {"name": "ways", "network": "10.203.0.0/16", "workers": 1, "racks": 1}
    with Deployed(lab=lab).booted() as deployed:
        for name in ADDRESSES:
            deployed.ssh(name, PREPARE)
        yield deployed


def variables(name: str, **changed: Any) -> dict[str, Any]:
    """How the lab reaches a host, with changes; None leaves one out."""
    found: dict[str, Any] = {"ssh_hostname": ADDRESSES[name], "ssh_user": "root", "ssh_key": str(AT.client_key)}
    found |= {"ssh_known_hosts_file": str(AT.known_hosts), "ssh_strict_host_key_checking": "yes", **changed}
    return {key: value for key, value in found.items() if value is not None}


def environment(cp: dict[str, Any], w: dict[str, Any], **more: str) -> dict[str, str]:
    given = {"cp-1": variables("cp-1", **cp), "w-1": variables("w-1", **w)}
    return {"UNDERLAY_TEST": json.dumps(given), "PYINFRA_PROGRESS": "off", "COLUMNS": "200", **more}


def run(command: list[str], variables: dict[str, str]) -> Run:
    """A command without a terminal."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        text=True,
        capture_output=True,
        check=False,
        timeout=COMMAND_S,
    )
    return Run(done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory, ways: Deployed) -> Path:
    """The lab's key, with a password."""
    path = tmp_path_factory.mktemp("keys") / "client"
    path.touch(mode=0o600)
    path.write_bytes(AT.client_key.read_bytes())
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", PASSWORD, "-f", path], check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory, ways: Deployed) -> dict[str, Any]:
    """All that is known of the hosts stands in a configuration of SSH, and w-1 is behind cp-1."""
    path = tmp_path_factory.mktemp("ssh") / "config"
    common = f"  User root\n  IdentityFile {AT.client_key}\n  UserKnownHostsFile {AT.known_hosts}\n"
    path.write_text(
        f"Host cp-1\n  HostName {ADDRESSES['cp-1']}\n{common}"
        f"Host w-1\n  HostName {ADDRESSES['w-1']}\n  ProxyJump cp-1\n{common}"
    )
    return {**dict.fromkeys(variables("cp-1")), "ssh_config_file": str(path)}


def shells_of(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> list[str]:
    """What `id -u` prints in two shells of a verification on each host, or why there is none."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    connections = Connections(INVENTORY)
    found = []
    try:
        for name in ADDRESSES:
            opened = [ShellBackend(name)]
            try:
                opened.append(ShellBackend(name))
            except NoFurtherShell:
                found.append("one shell")
            found += [shell.run("id -u").stdout.strip() for shell in opened]
            for shell in opened:
                shell.close()
    finally:
        connections.close()
    return found


def test_hosts_that_only_a_configuration_of_ssh_knows(
    configured: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Longer than what a socket's name may be.
    (long := tmp_path / ("x" * 100)).mkdir()
    given = environment(configured, configured, TMPDIR=str(long))
    assert run([*UNDERLAY, "plan", INVENTORY], given).code == 2
    assert shells_of(monkeypatch, given) == ["0"] * 4


def test_passwords_of_logins_keys_sudo_and_su(ways: Deployed, encrypted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ways.ssh("cp-1", "echo 'ops ALL=(ALL) ALL' >/etc/sudoers.d/ops")
    sudo = {**OPS, "ssh_key": None, "ssh_password": PASSWORD, "_sudo": True, "_sudo_password": PASSWORD}
    su = {**OPS, "ssh_key": str(encrypted), "ssh_key_password": PASSWORD, "_su_user": "root", "_su_password": PASSWORD}
    given = environment(sudo, su)
    fit = run([*UNDERLAY, "preflight", INVENTORY], given)
    assert fit.code == 0, fit.end
    assert "11 flows probed, 11 open" in fit.text
    assert shells_of(monkeypatch, given) == ["0"] * 4


@pytest.fixture
def agent(ways: Deployed, tmp_path: Path) -> Iterator[str]:
    """An agent that holds the lab's key."""
    socket = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL) as process:
        until(socket.exists, within=10)
        add = ["ssh-add", "-q", AT.client_key]
        subprocess.run(add, env={**os.environ, "SSH_AUTH_SOCK": str(socket)}, check=True, capture_output=True)
        yield str(socket)
        process.terminate()


def test_a_key_that_only_an_agent_has_and_another_port(
    ways: Deployed, agent: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ways.ssh("cp-1", r"printf 'Port 22\nPort 2222\n' >/etc/ssh/sshd_config.d/port.conf; systemctl restart ssh")
    here = AT.known_hosts.read_text()
    (known := tmp_path / "known_hosts").write_text(here.replace(ADDRESSES["cp-1"], f"[{ADDRESSES['cp-1']}]:2222"))
    without = {"ssh_key": None, "ssh_known_hosts_file": str(known)}
    given = environment({**without, "ssh_port": 2222}, without, SSH_AUTH_SOCK=agent)
    assert run([*UNDERLAY, "plan", INVENTORY], given).code == 2
    assert shells_of(monkeypatch, given) == ["0"] * 4
    # Without the agent the key is nowhere, and a wrong port is told.
    refused = run([*UNDERLAY, "plan", INVENTORY], environment({**without, "ssh_port": 2223}, without, SSH_AUTH_SOCK=""))
    assert refused.code == 1
    assert "cp-1: port 2223 refuses connections" in refused.text
    assert "w-1: the login as root is refused" in refused.text
    ways.ssh("cp-1", "rm /etc/ssh/sshd_config.d/port.conf; systemctl restart ssh")


def test_a_host_that_grants_one_session_is_verified_in_one_shell(
    ways: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ADDRESSES:
        ways.ssh(name, "echo MaxSessions 1 >/etc/ssh/sshd_config.d/one.conf; systemctl reload ssh")
    fit = run([*UNDERLAY, "preflight", INVENTORY], environment({}, {}))
    assert fit.code == 0, fit.end
    assert "11 flows probed, 11 open" in fit.text
    assert shells_of(monkeypatch, environment({}, {})) == ["one shell", "0"] * 2
    for name in ADDRESSES:
        ways.ssh(name, "rm /etc/ssh/sshd_config.d/one.conf; systemctl reload ssh")


SUDO = {**OPS, "_sudo": True}
REFUSED = [
    pytest.param(
        "", "echo 'Defaults requiretty' >>/etc/sudoers.d/ops; echo 'ops ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers.d/ops",
        SUDO, SUDO,
        "sudo wants a password (sudo: a password is required); set _sudo_password in the inventory, "
        "or allow it without one, `USER ALL=(ALL) NOPASSWD: ALL`",
        "sudo wants a terminal (sudo: sorry, you must have a tty to run sudo); "
        "take `requiretty` out of /etc/sudoers there, or add `Defaults:USER !requiretty`",
        id="sudo",
    ),
    pytest.param(
        "", "", {**OPS, "_su_user": "root", "_su_password": "no"}, {**OPS, "_doas": True},
        "su refuses the password (su: Authentication failure); correct _su_password",
        "doas is not installed there (env: 'doas': No such file or directory); "
        "install it, or log in as root by `ssh_user`",
        id="su and doas",
    ),
    pytest.param(
        "usermod -s /usr/sbin/nologin ops", "", OPS, {"ssh_port": 1},
        "the login runs no command (This account is currently not available.); "
        "give the user a shell, or log in as another by `ssh_user`",
        "port 1 refuses connections (Connection refused); "
        "start sshd there, or correct `ssh_port`",
        id="no shell and no server",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("there", "here", "cp", "w", "of_cp", "of_w"), REFUSED)
def test_why_nothing_runs_there_is_one_line_for_each_host(
    ways: Deployed, there: str, here: str, cp: dict[str, Any], w: dict[str, Any], of_cp: str, of_w: str
) -> None:
    given = environment(cp, w)
    if there:
        ways.ssh("cp-1", there)
    if here:
        ways.ssh("w-1", here)
    expected = {f"underlay: cp-1: {of_cp}", f"underlay: w-1: {of_w}"}
    plan, verify = (run([*UNDERLAY, command, INVENTORY], given) for command in ("plan", "verify"))
    assert (plan.code, set(plan.text.splitlines())) == (1, expected)
    assert (verify.code, set(verify.text.splitlines())) == (1, expected)
    deploy = run([*PYINFRA, "-y", INVENTORY, "deploy.py"], given)
    assert deploy.code == 1
    assert "Traceback" not in deploy.text
    for name, reason in (("cp-1", of_cp), ("w-1", of_w)):
        assert deploy.text.count(f" {name}: {reason}\n") == 1, deploy.text
    assert "Starting operation: Prepare hosts" not in deploy.text


def test_what_is_said_of_a_login_is_enough_to_reach_the_host(ways: Deployed) -> None:
    """Each remedy in its turn, on hosts as the tests before have left them; code it names is taken as it stands."""

    def remedies(cp: dict[str, Any], *patterns: str) -> list[str]:
        refused = run([*UNDERLAY, "plan", INVENTORY], environment(cp, SUDO))
        assert refused.code == 1, refused.text
        found = [re.search(pattern, refused.text) for pattern in patterns]
        assert all(found), refused.text
        return [match[1].replace("USER", "ops") for match in found if match]

    shell = r"cp-1: the login runs no command .*; give the user a (shell), or log in as another by `ssh_user`"
    terminal = r"w-1: sudo wants a terminal .*; take `requiretty` out of .* there, or add `(Defaults:USER !requiretty)`"
    _, line = remedies(OPS, shell, terminal)
    ways.ssh("cp-1", "usermod -s /bin/sh ops")
    ways.ssh("w-1", f"echo '{line}' >>/etc/sudoers.d/ops")
    (variable,) = remedies(
        OPS, r"cp-1: the login is not root .*; log in as root by `ssh_user`, or set `(_sudo)` in the"
    )
    (line,) = remedies(OPS | {variable: True}, r"cp-1: sudo wants a password .*, or allow it without one, `(USER .*)`")
    ways.ssh("cp-1", f"echo '{line}' >>/etc/sudoers.d/ops")
    reached = run([*UNDERLAY, "plan", INVENTORY], environment(SUDO, SUDO))
    assert reached.code == 2, reached.text


def test_why_there_is_no_connection_is_one_line_for_each_host(ways: Deployed, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    key = " ".join(Path(f"{other}.pub").read_text().split()[:2])
    (known := tmp_path / "known_hosts").write_text(f"{ADDRESSES['w-1']} {key}\n")
    given = environment({"ssh_key": str(other)}, {"ssh_known_hosts_file": str(known)})
    for command in ([*UNDERLAY, "plan", INVENTORY], [*PYINFRA, "-y", INVENTORY, "deploy.py"]):
        ran = run(command, given)
        assert ran.code == 1
        assert "Traceback" not in ran.text
        assert ran.text.count("cp-1: the login as root with this key is refused (Authentication failed.); ") == 1
        assert ran.text.count(f"w-1: its host key has changed ({ADDRESSES['w-1']} shows SHA256:") == 1
    # The remedy that was given; what follows is another's.
    remedy = ran.text.partition("run `")[2].partition("`")[0]
    subprocess.run(shlex.split(remedy), check=True, capture_output=True)
    again = run([*UNDERLAY, "plan", INVENTORY], environment({}, {"ssh_known_hosts_file": str(known)}))
    remedy = again.text.partition("compared it: `")[2].partition("`")[0]
    assert subprocess.run(["sh", "-c", remedy], check=True, capture_output=True).returncode == 0
