"""How a login becomes root: the words in front of a command, and the passwords that they ask for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Their messages are read; the words of a restricted shell or of tcsh are the same.
_PLAIN = ("env", "LC_ALL=C")
_PROMPT = "password:"


@dataclass(frozen=True)
class Elevation:
    """`programs` are those that run before the shell, e.g. ("sudo",); none where the login is root already.

    `passwords` are asked for on standard error, in this order. They never stand in a command line.
    """

    words: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    passwords: tuple[str, ...] = field(default=(), repr=False)

    def command(self, script: str, *, first: str) -> str:
        """A command line that runs a line of shell as root, for whatever shell the login has.

        :param script: one line without single quotes and exclamation marks, which login shells quote in different ways.
        :param first: a line of the same kind that the login runs before it becomes root.
        """
        if self.words:
            via_shell = ("-c",) if self.programs[-1] == "su" else ("sh", "-c")
            script = f"{first}; exec {' '.join(map(_double_quoted, [*self.words, *via_shell, script]))}"
        return f"sh -c {shlex.quote(script)}"


def _double_quoted(word: str) -> str:
    return word if re.fullmatch(r"[\w/=.-]+", word) else '"' + re.sub(r'([\\"$`])', r"\\\1", word) + '"'


def elevation(arguments: Mapping[str, Any], *, prompted: str | None = None) -> Elevation:
    """What pyinfra's arguments ask for: doas, then dzdo, then sudo, then su, as far as they are set.

    :param prompted: the password that a user typed for sudo, where none is set.
    """
    words: list[str] = []
    programs: list[str] = []
    passwords: list[str] = []
    if arguments.get("_doas"):
        programs.append("doas")
        words += ["doas", "-n", *_user(arguments.get("_doas_user"))]
    if arguments.get("_dzdo"):
        programs.append("dzdo")
        words += ["dzdo", "-H", "-n", *_user(arguments.get("_dzdo_user"))]
    if arguments.get("_sudo"):
        programs.append("sudo")
        password = arguments.get("_sudo_password") or prompted
        words += ["sudo", "-H", *(("-S", "-p", _PROMPT) if password else ("-n",))]
        words += ["-i"] if arguments.get("_use_sudo_login") else []
        words += ["-E"] if arguments.get("_preserve_sudo_env") else []
        words += _user(arguments.get("_sudo_user"))
        passwords += [str(password)] if password else []
    if user := arguments.get("_su_user"):
        programs.append("su")
        shell = str(arguments.get("_su_shell") or "sh")
        words += ["su", *(("-l",) if arguments.get("_use_su_login") else ())]
        words += ["-m"] if arguments.get("_preserve_su_env") else []
        words += ["-s", shell if shell.startswith("/") else f"/bin/{shell}", str(user)]
        passwords += [str(arguments["_su_password"])] if arguments.get("_su_password") else []
    return Elevation(tuple([*_PLAIN, *words] if words else []), tuple(programs), tuple(passwords))


def _user(name: object) -> list[str]:
    return ["-u", str(name)] if name else []
