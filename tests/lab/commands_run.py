"""What this process ran of late and what it printed, and the secrets of its inventories: for who reads a failure."""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from underlay.plan.secrets import with_placeholders
from underlay.verify.evidence_files import without_secret_shapes

_SECRET = re.compile("password|psk|secret|private", re.IGNORECASE)
_notes: deque[str] = deque(maxlen=200)
_secrets: dict[str, str] = {}


def note(text: str) -> None:
    """Keep a line, or an output, with its time; the oldest gives way."""
    _notes.append(f"{time.strftime('%H:%M:%S', time.gmtime())} {text}")


def notes() -> str:
    """Everything that is kept, in its order."""
    return "\n".join(_notes) + "\n"


def watch() -> None:
    """Note every command that this process starts from now on."""
    sys.addaudithook(_started)


def _started(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen" and isinstance(words := arguments[1], (list, tuple)):
        note(f"$ {shlex.join(str(word) for word in words)[:2000]}")


def learn_secrets(variables: object, name: str = "") -> None:
    """Remember what an inventory's variables say of passwords and keys."""
    if isinstance(variables, Mapping):
        for key, value in variables.items():
            learn_secrets(value, str(key))
    elif isinstance(variables, (list, tuple)):
        for value in variables:
            learn_secrets(value, name)
    elif isinstance(variables, str) and variables and _SECRET.search(name):
        _secrets[variables] = name


def without_secrets(text: str) -> str:
    """A text without these secrets, and without what looks like one."""
    longest_first = {secret: _secrets[secret] for secret in sorted(_secrets, key=len, reverse=True)}
    return without_secret_shapes(with_placeholders(text, longest_first))
