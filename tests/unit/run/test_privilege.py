"""Whatever makes a login root, and whatever the login says before it: a script's output is the script's alone."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyinfra.api import Host

from underlay.run.access_error import AccessError, NoSession
from underlay.run.conversation import Conversation, open_session
from underlay.run.elevation import Elevation, elevation
from underlay.run.privilege import run_as_root

from .ssh_server import Logins, SshServer

# What sudo does with -S: it asks on standard error, and reads a line, byte by byte, of what the command reads later.
ASKS = """\
while [ "$1" != sh ] && [ $# -gt 0 ]; do shift; done
printf 'password:' >&2; read -r given; echo >&2
[ "$given" = s3cret ] || { printf 'Sorry, try again.\\npassword:' >&2; read -r given; exit 1; }
exec "$@"
"""
SU = """\
printf 'Password: ' >&2; read -r given; echo >&2
[ "$given" = s3cret ] || { echo 'su: Authentication failure' >&2; exit 1; }
while [ "$1" != -c ]; do shift; done
exec sh -c "$2"
"""
TRUSTS = 'while [ "$1" != sh ]; do shift; done; exec "$@"'
SCRIPT = """read -r more; echo "got $more"; echo "it's"; echo no good >&2; exit 3"""


def program(logins: Logins, name: str, script: str) -> None:
    file = logins.bin / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def ran(host: Host, script: str = SCRIPT, **arguments: Any) -> tuple[int, str, str]:
    status, out, err = run_as_root(host, script, arguments, more=[b"its input\n"])
    return status, out.decode(), err.decode()


WAYS = [
    pytest.param("", "", {}, id="root"),
    pytest.param("sudo", TRUSTS, {"_sudo": True}, id="sudo without a password"),
    pytest.param("sudo", TRUSTS, {"_sudo": True, "_sudo_password": "s3cret"}, id="sudo that does not want its password"),
    pytest.param("sudo", ASKS, {"_sudo": True, "_sudo_password": "s3cret"}, id="sudo with a password"),
    pytest.param("sudo", ASKS, {"_sudo": True, "_sudo_user": "root", "_use_sudo_login": True, "_sudo_password": "s3cret"}, id="sudo -i"),
    pytest.param("su", SU, {"_su_user": "root", "_su_password": "s3cret"}, id="su with a password"),
    pytest.param("su", SU, {"_su_user": "root", "_use_su_login": True, "_su_shell": "dash", "_su_password": "s3cret"}, id="su -l"),
    pytest.param("doas", TRUSTS, {"_doas": True}, id="doas"),
    pytest.param("sudo", ASKS, {"_sudo": True, "_sudo_user": "o'neil $HOME", "_sudo_password": "s3cret"}, id="an odd user"),
    pytest.param("dzdo", TRUSTS, {"_dzdo": True, "_dzdo_user": "root"}, id="dzdo"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "script", "arguments"), WAYS)
def test_a_script_runs_as_root(logins: Logins, host: Host, name: str, script: str, arguments: dict[str, Any]) -> None:
    if name:
        program(logins, name, script)
    assert ran(host, **arguments) == (3, "got its input\nit's\n", "no good\n")
    # Neither a password nor the script stands in a command line.
    assert all("s3cret" not in line and "got" not in line for line in logins.commands)


@pytest.mark.parametrize(
    "greeting", ["printf 'Password: ' >&2", "printf '[sudo] password for ops: ' >&2; cat /proc/version"]
)
@pytest.mark.parametrize(("name", "script", "arguments"), [WAYS[3].values, WAYS[5].values])
def test_a_greeting_that_looks_like_a_prompt_gets_no_password(
    logins: Logins, host: Host, greeting: str, name: str, script: str, arguments: dict[str, Any]
) -> None:
    logins.greeting = greeting
    program(logins, name, script)
    assert ran(host, **arguments) == (3, "got its input\nit's\n", "no good\n")


def test_sudo_may_lead_to_su(logins: Logins, host: Host) -> None:
    program(logins, "sudo", 'while [ "$1" != su ]; do shift; done; exec "$@"')
    program(logins, "su", SU)
    assert ran(host, _sudo=True, _su_user="root", _su_password="s3cret")[0] == 3  # noqa: S106


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "zsh", "fish", "tcsh", "rbash", "busybox"])
def test_any_login_shell_will_do(logins: Logins, host: Host, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed here")
    logins.shell = ("busybox", "sh") if shell == "busybox" else (shell,)
    program(logins, "sudo", TRUSTS)
    assert ran(host, _sudo=True)[:2] == (3, "got its input\nit's\n")


GREETINGS = [
    r"printf '\033]0;%s\007' ops@w-1",
    "echo 'Last login: Mon Nov 23 09:12:44 2026 from 10.0.0.5'",
    "printf '@0 0\\n@1 debian 13'",
    "echo oops >&2",
    "printf 'Password: ' >&2; echo >&2",
    "head -c 70000 /dev/zero | tr '\\0' x",
    "printf '\\377\\376 not text'",
]


@pytest.mark.parametrize("greeting", GREETINGS)
def test_what_a_login_says_is_no_answer(logins: Logins, host: Host, greeting: str) -> None:
    logins.greeting = greeting
    assert ran(host) == (3, "got its input\nit's\n", "no good\n")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=60))
def test_whatever_a_login_says_is_no_answer(logins: Logins, host: Host, said: str) -> None:
    (logins.bin / "said").write_text(said)
    logins.greeting = f"cat {logins.bin}/said; cat {logins.bin}/said >&2"
    assert ran(host) == (3, "got its input\nit's\n", "no good\n")


REFUSALS = [
    # sudo 1.9.16, Debian 13
    ("sudo", "echo 'sudo: a password is required' >&2; exit 1", {"_sudo": True},
     "sudo wants a password (sudo: a password is required); set _sudo_password in the inventory, "
     "or allow it without one, `USER ALL=(ALL) NOPASSWD: ALL`"),
    ("sudo", "echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1", {"_sudo": True},
     "sudo wants a terminal (sudo: sorry, you must have a tty to run sudo); "
     "take `requiretty` out of /etc/sudoers there, or add `Defaults:USER !requiretty`"),
    ("sudo", "echo 'ops is not in the sudoers file.' >&2; exit 1", {"_sudo": True},
     "sudo does not let this user become root (ops is not in the sudoers file.); allow it there, or log in as another"),
    # sudo-rs 0.2, Ubuntu 25.10
    ("sudo", "echo 'sudo-rs: interactive authentication is required' >&2; exit 1", {"_sudo": True},
     "sudo wants a password (sudo-rs: interactive authentication is required); set _sudo_password in the inventory, "
     "or allow it without one, `USER ALL=(ALL) NOPASSWD: ALL`"),
    ("sudo", ASKS, {"_sudo": True, "_sudo_password": "wrong"},
     "sudo refuses the password (Sorry, try again.); correct _sudo_password"),
    ("su", SU, {"_su_user": "root", "_su_password": "wrong"},
     "su refuses the password (su: Authentication failure); correct _su_password"),
    ("su", SU, {"_su_user": "root"},
     "su wants a password (su: Authentication failure); set _su_password in the inventory"),
    ("su", "echo 'su: must be run from a terminal' >&2; exit 1", {"_su_user": "root"},
     "su wants a terminal (su: must be run from a terminal); "
     "take `requiretty` out of /etc/sudoers there, or add `Defaults:USER !requiretty`"),
    # OpenDoas 6.8.2
    ("doas", "echo 'doas: Authentication required' >&2; exit 1", {"_doas": True},
     "doas wants a password (doas: Authentication required); it reads one from a terminal only: "
     "allow it without one, `permit nopass USER` in /etc/doas.conf"),
    ("doas", "echo 'doas: Operation not permitted' >&2; exit 1", {"_doas": True},
     "doas does not let this user become root (doas: Operation not permitted); allow it there, or log in as another"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "script", "arguments", "reason"), REFUSALS)
def test_why_a_login_does_not_become_root_is_told(
    logins: Logins, host: Host, name: str, script: str, arguments: dict[str, Any], reason: str
) -> None:
    program(logins, name, script)
    with pytest.raises(AccessError) as refused:
        ran(host, **arguments)
    assert refused.value.reason == reason
    assert str(refused.value) == f"w-1: {reason}"


@pytest.mark.parametrize("name", ["doas", "dzdo"])
def test_a_program_that_is_missing_is_told(logins: Logins, host: Host, name: str) -> None:
    with pytest.raises(AccessError, match=f"^w-1: {name} is not installed there .*; install it, or log in as root"):
        ran(host, **{f"_{name}": True})


def test_a_login_without_a_shell_is_told(logins: Logins, host: Host) -> None:
    program(logins, "nologin", "echo 'This account is currently not available.'; exit 1")
    logins.shell = (str(logins.bin / "nologin"),)
    reason = r"the login runs no command \(This account is currently not available.\); give the user a shell"
    with pytest.raises(AccessError, match=f"^w-1: {reason}"):
        ran(host)


def test_a_password_is_given_once(logins: Logins, host: Host) -> None:
    program(logins, "sudo", f"echo >>{logins.bin}/tries\n{ASKS}")
    with pytest.raises(AccessError):
        ran(host, _sudo=True, _sudo_password="wrong")  # noqa: S106
    assert (logins.bin / "tries").read_text() == "\n"


def test_a_session_beyond_the_servers_number_is_told(logins: Logins, host: Host) -> None:
    logins.sessions = 1
    first = Conversation(host, "cat", Elevation())
    with pytest.raises(NoSession, match=r"^w-1: its SSH server grants no further session .*; raise MaxSessions in its"):
        open_session(host)
    assert first.finish([b"still there"])[1] == b"still there"


def test_one_session_is_enough_for_one_script_after_another(logins: Logins, host: Host) -> None:
    logins.sessions = 1
    # A server counts a session until it has seen its end.
    assert [ran(host)[0] for _ in range(3)] == [3, 3, 3]


def test_a_lost_connection_is_told(server: SshServer, host: Host) -> None:
    running = Conversation(host, "cat", Elevation())
    server.close()
    with pytest.raises(AccessError, match=r"^w-1: the connection was lost \(.*\); look at the host's console"):
        running.finish([b"more"])
    # Its own thread notices the end of a connection a moment later.
    host.connector.client.get_transport().join(60)
    with pytest.raises(AccessError, match=r"^w-1: the connection was lost \(there is none to this host\)"):
        ran(host)


def test_a_host_that_takes_too_long_is_told(host: Host) -> None:
    with pytest.raises(AccessError, match=r"^w-1: no reply within 1 s;"):
        ran(host, "exec sleep 60", _timeout=1)


def test_the_users_environment_and_directory_hold(host: Host) -> None:
    assert ran(host, 'echo "$A"; pwd', _env={"A": "it's 1"}, _chdir="/usr")[1] == "it's 1\n/usr\n"


def test_what_only_root_runs_is_found_whoever_logged_in(logins: Logins, host: Host) -> None:
    program(logins, "su", SU.replace("exec sh", "PATH=/usr/bin:/bin exec sh"))
    path = ran(host, "echo $PATH", _su_user="root", _su_password="s3cret")[1]  # noqa: S106
    assert path == "/usr/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("", 0),
        ("true\n", 0),
        ("false\n", 1),
        ("false; true", 0),
        ("cat <<'END' >/dev/null\ntext\nEND", 0),
        ("(exit 7)\n", 7),
    ],
)
def test_the_status_is_that_of_the_last_command(host: Host, script: str, status: int) -> None:
    assert run_as_root(host, script, {})[0] == status


def test_a_large_output_and_a_large_input_pass(host: Host) -> None:
    status, out, err = run_as_root(host, "cat; head -c 300000 /dev/zero >&2", {}, more=[b"x" * 100_000] * 30)
    assert (status, len(out), len(err)) == (0, 3_000_000, 300_000)


def test_a_secret_is_in_no_representation() -> None:
    assert "s3cret" not in repr(elevation({"_sudo": True, "_sudo_password": "s3cret"}))
