"""Why a login runs no command as root, out of what it said instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_PASSWORD = {"sudo": "_sudo_password", "su": "_su_password"}
# What the programs say, in English: sudo 1.9, sudo-rs, su of util-linux and shadow, OpenDoas, Centrify's dzdo.
_TERMINAL = re.compile(r"must have a tty|must be run from a terminal|a tty is required|no tty present", re.IGNORECASE)
_WANTED = re.compile(
    r"a password is required|interactive authentication is required|Authentication required|Authorization required"
    r"|terminal is required to read the password|no password was provided",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"incorrect password|Sorry, try again|Authentication fail|authentication token|incorrect authentication"
    r"|Maximum \d+ incorrect",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(
    r"not in the sudoers|is not allowed to|may not run sudo|I'm sorry|Permission denied|Operation not permitted"
    r"|not permitted to|not enabled",
    re.IGNORECASE,
)
_MISSING = re.compile(r"not found|No such file or directory|Unknown command", re.IGNORECASE)
_PROMPT = re.compile(r"^.*?password[^:]*: ?", re.IGNORECASE)
_CLOSED = re.compile(r"account is (currently )?not available|account (has )?expired|nologin", re.IGNORECASE)


def start_problem(
    stdout: str, stderr: str, *, programs: Sequence[str], status: int, given: bool = False, again: bool = False
) -> str:
    """`what is wrong (what it said); what to do`, for a session that ended before the first command.

    :param programs: what should have made the login root, e.g. ("sudo",).
    :param status: exit status, -1 where there was none.
    :param given: whether a password was given.
    :param again: whether it was asked for once more.
    """
    said = _last(stderr) or _last(stdout)
    detail = f"({said})" if said else f"(exit status {status})"
    last = programs[-1] if programs else ""
    program = next((p for p in reversed(programs) if re.search(rf"\b{p}\b", said)), last)
    if _CLOSED.search(stdout + stderr):
        return f"the login runs no command {detail}; give the user a shell, or log in as another by `ssh_user`"
    if not program:
        return f"the login runs no command {detail}; look at its shell and its start-up files by `ssh HOST true`"
    missing = status == 127 or (_MISSING.search(said) and program in said)
    return next(_of_program(program, detail, stderr, given=given, again=again, missing=bool(missing)))


def _of_program(program: str, detail: str, stderr: str, *, given: bool, again: bool, missing: bool) -> Iterator[str]:
    """What may be wrong with a program that should make the login root; the first holds."""
    if _TERMINAL.search(stderr):
        remedy = "take `requiretty` out of /etc/sudoers there, or add `Defaults:USER !requiretty`"
        yield f"{program} wants a terminal {detail}; {remedy}"
    if given and (again or _REFUSED.search(stderr)):
        yield f"{program} refuses the password {detail}; correct {_PASSWORD.get(program, '_sudo_password')}"
    if _WANTED.search(stderr) or _REFUSED.search(stderr):
        yield f"{program} wants a password {detail}; {_give(program)}"
    if missing:
        yield f"{program} is not installed there {detail}; install it, or log in as root by `ssh_user`"
    if _FORBIDDEN.search(stderr):
        yield f"{program} does not let this user become root {detail}; allow it there, or log in as another"
    yield f"{program} runs no command {detail}; look at it by `ssh HOST {program} true`"


def is_password_wanted(stderr: str) -> bool:
    """Whether a password would help, where none was given."""
    return bool(_WANTED.search(stderr))


def _give(program: str) -> str:
    if program == "doas":
        return "it reads one from a terminal only: allow it without one, `permit nopass USER` in /etc/doas.conf"
    if program in _PASSWORD:
        nopasswd = ", or allow it without one, `USER ALL=(ALL) NOPASSWD: ALL`" if program == "sudo" else ""
        return f"set {_PASSWORD[program]} in the inventory{nopasswd}"
    return "allow it without one"


def _last(text: str) -> str:
    """The last line that says something, without control characters, at a bearable length."""
    clean = re.sub(r"\x1b\][^\x07\x1b]*(\x07|\x1b\\)?|\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]", "", text)
    lines = [said for line in clean.splitlines() if (said := _PROMPT.sub("", line).strip())]
    return lines[-1][-200:] if lines else ""
