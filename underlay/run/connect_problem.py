"""Why there is no connection to a host, in a sentence with a remedy, out of what paramiko and pyinfra raise."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterator
from traceback import extract_tb

from paramiko import (
    AuthenticationException,
    BadAuthenticationType,
    BadHostKeyException,
    ChannelException,
    PasswordRequiredException,
    ProxyCommandFailure,
    SSHException,
)
from paramiko.ssh_exception import ConfigParseError, NoValidConnectionsError

_UNKNOWN_KEY = re.compile(r"No host key for (\S+) found in known_hosts|Server '?(\S+?)'? not found in known_hosts")
_BANNER = re.compile(r"protocol banner|banner exchange|not an SSH|EOF|No existing session", re.IGNORECASE)
_NO_AUTHENTICATION = re.compile(r"No authentication methods available", re.IGNORECASE)
_CONFIG = "~/.ssh/config (or ssh_config_file)"
_CORRECT_NAME = "correct the name, `ssh_hostname`, or HostName in ~/.ssh/config"
_KEY_FILE = re.compile(r"(?:Private key file \(|No such private key file: |Invalid private key file: )(.+?)(?:\)|$)")


class UnfinishedKeyExchange(SSHException):
    """The time for it is over, and the connection stands."""


def connect_problem(
    error: BaseException, *, user: str, port: int, key: str = "", known_hosts: str = "", password: bool = False
) -> str:
    """`what is wrong (what was said); what to do`.

    :param user: who logs in, empty where SSH's own configuration says so; likewise `port` 0.
    :param key: path of the private key that the inventory names.
    :param known_hosts: the file of host keys that the inventory names.
    :param password: whether the inventory has a password.
    """
    cause = _cause(error)
    said = _clean(cause)
    problems = (
        *_of_files(cause, said, key),
        *_of_keys(cause, said, port, key, known_hosts),
        *_of_login(cause, said, user, key, password),
        *_of_way(cause, said, port),
    )
    return problems[0]


def _of_files(cause: BaseException, said: str, key: str) -> Iterator[str]:
    """What is wrong on this machine, in files that SSH reads before it connects."""
    if isinstance(cause, ConfigParseError):
        yield f"{_CONFIG} cannot be read ({said}); correct it"
    if isinstance(cause, RecursionError):
        yield f"ProxyJump leads from a host back to itself; correct it in {_CONFIG}"
    if isinstance(cause, UnicodeDecodeError):
        in_config = any(f.filename.endswith("config.py") for f in extract_tb(cause.__traceback__))
        what, remedy = (
            (f"the private key cannot be read ({key})", "correct `ssh_key`")
            if key and not in_config
            else (f"{_CONFIG} is not UTF-8 ({said})", "write it anew, as UTF-8")
        )
        yield f"{what}; {remedy}"
    elif isinstance(cause, UnicodeError):
        yield f"no host has such a name ({said}); {_CORRECT_NAME}"
    elif isinstance(cause, ValueError) and "invalid literal for int" in said:
        yield f"Port is no number ({said.rpartition(' ')[2]}); correct it in {_CONFIG}"
    if isinstance(cause, OSError) and cause.filename and not isinstance(cause, NoValidConnectionsError):
        yield f"this machine cannot read or run {cause.filename} ({said}); correct the inventory, or {_CONFIG}"


def _of_keys(cause: BaseException, said: str, port: int, key: str, known_hosts: str) -> Iterator[str]:
    if "No such private key file" in said:
        yield f"there is no such private key ({_named(said)}); correct `ssh_key`"
    if "Invalid private key file" in said:
        yield f"the private key cannot be read ({_named(said)}); correct `ssh_key`, or `ssh_key_password`"
    if isinstance(cause, PasswordRequiredException) or "is encrypted" in said:
        named = f" ({_named(said) or key})" if _named(said) or key else ""
        yield f"its private key is encrypted{named}; set `ssh_key_password`, or load the key into an agent: `ssh-add`"
    if isinstance(cause, BadHostKeyException):
        name = _in_known_hosts(cause.hostname, port)
        remove = f"ssh-keygen {f'-f {known_hosts} ' if known_hosts else ''}-R {name}"
        yield (
            f"its host key has changed ({name} shows {cause.key.fingerprint}); if the host was installed anew, "
            f"run `{remove}`, otherwise somebody else answers there"
        )
    if isinstance(cause, EOFError) and any(f.name == "missing_host_key" for f in extract_tb(cause.__traceback__)):
        # pyinfra asks about the keys of jump hosts, whatever the inventory says of its own.
        yield (
            "the host key of its jump host is not known (and there is no terminal to ask at); add it to known_hosts, "
            "or set StrictHostKeyChecking accept-new for the jump host in ~/.ssh/config"
        )
    if found := _UNKNOWN_KEY.search(said):
        name = _in_known_hosts(next(group for group in found.groups() if group), port)
        scan = (
            f"ssh-keyscan -p {port or 22} {name.strip('[]').partition(']')[0]} >>{known_hosts or '~/.ssh/known_hosts'}"
        )
        yield f"its host key is not known ({name}); add it once you have compared it: `{scan}`"


def _of_login(cause: BaseException, said: str, user: str, key: str, password: bool) -> Iterator[str]:
    who = f"as {user}" if user else "as the user of ~/.ssh/config"
    if isinstance(cause, BadAuthenticationType):
        yield f"the login {who} is refused (it takes {', '.join(cause.allowed_types)} only); {_another_login(key)}"
    if isinstance(cause, AuthenticationException) or _NO_AUTHENTICATION.search(said):
        how = " with this key" if key else " with this password" if password else ""
        yield f"the login {who}{how} is refused ({said}); {_another_login(key)}"


def _of_way(cause: BaseException, said: str, port: int) -> Iterator[str]:
    numbers = {cause.errno} if isinstance(cause, OSError) else set()
    if isinstance(cause, NoValidConnectionsError):
        numbers = {getattr(error, "errno", None) for error in cause.errors.values()}
    where = f"port {port or 22}"
    if isinstance(cause, socket.gaierror):
        yield f"the name does not resolve ({said}); {_CORRECT_NAME}"
    if isinstance(cause, ChannelException):
        yield f"the jump host does not reach it ({cause.args[-1]}); correct ProxyJump, or look at the host's console"
    if isinstance(cause, ProxyCommandFailure):
        yield f"ProxyCommand fails ({said}); correct it in ~/.ssh/config"
    if numbers & {errno.ECONNREFUSED}:
        yield f"{where} refuses connections ({said}); start sshd there, or correct `ssh_port`"
    if isinstance(cause, TimeoutError) or numbers & {errno.ETIMEDOUT} or "timed out" in said.lower():
        yield f"no answer on {where} ({said}); look at the host's console, and at firewalls on the way"
    if numbers & {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        yield f"there is no way to it ({said}); look at the host's console, and at the routes on the way"
    if isinstance(cause, UnfinishedKeyExchange):
        yield (
            f"it does not come to the login ({said}); it or this machine has too much to do: run again, with a longer "
            "UNDERLAY_PATIENCE (seconds; the usual is 90)"
        )
    if numbers & {errno.ECONNRESET, errno.EPIPE} or isinstance(cause, EOFError) or _BANNER.search(said):
        yield (
            f"it closes connections before the login ({said}); wait a minute: its sshd may penalise earlier failures "
            "(PerSourcePenalties, MaxStartups, fail2ban); a ProxyCommand that ends looks the same"
        )
    what = "SSH fails" if isinstance(cause, SSHException) else "it cannot be reached"
    yield f"{what} ({said}); see what `ssh -v` says"


def _another_login(key: str) -> str:
    return (
        "correct `ssh_user` and `ssh_key`, and put the key into its authorized_keys"
        if key
        else "set `ssh_user` and `ssh_key` or `ssh_password`, or load the key into an agent: `ssh-add`"
    )


def _cause(error: BaseException) -> BaseException:
    """What paramiko raised, below what pyinfra made of it."""
    lowest: BaseException = error
    while type(lowest).__module__.startswith("pyinfra") and lowest.__context__ is not None:
        lowest = lowest.__context__
    return lowest


def _clean(error: BaseException) -> str:
    if isinstance(error, NoValidConnectionsError) and (each := list(error.errors.values())):
        # Its own text has the address: hosts with one fault would have a line each.
        error = each[0]
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror
    return text or type(error).__name__


def _named(said: str) -> str:
    found = _KEY_FILE.search(said)
    return found[1] if found else ""


def _in_known_hosts(name: str, port: int) -> str:
    return name if port in (0, 22) or name.startswith("[") else f"[{name}]:{port}"
