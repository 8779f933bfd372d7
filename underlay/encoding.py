"""How text leaves: UTF-8 to files and pipes whatever the locale says, to a terminal what it can show."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata

_PLAINLY = "underlay-plainly"
# What a terminal of another encoding gets in place of what it cannot show.
_PLAIN = str.maketrans({"–": "-", "—": "-", "…": "...", "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "×": "x", "·": "-"})
_PLAIN |= str.maketrans({"✓": "+", "✗": "x", "─": "-", "━": "-", "│": "|", "┃": "|", "•": "*", "’": "'", "‘": "'"})

UTF8_STREAMS = {"PYTHONIOENCODING": "utf-8:replace"}
"""Environment of a Python process whose output we read."""


def prepare_streams() -> None:
    """Let no character that standard output or error cannot show end a command.

    Where nobody looks at them as a terminal they are UTF-8, unless PYTHONIOENCODING names another encoding.
    """
    codecs.register_error(_PLAINLY, _plainly)
    for stream in (sys.stdout, sys.stderr):
        # A test, or an embedding program, may have put something else there.
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream.isatty() or os.environ.get("PYTHONIOENCODING", "").partition(":")[0]:
            stream.reconfigure(errors=_PLAINLY)
        else:
            stream.reconfigure(encoding="utf-8", errors=_PLAINLY)


def encodable(text: str) -> str:
    """The text as UTF-8 can carry it: bytes of a path that are no text in this locale become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _plainly(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    found = error.object[error.start : error.end]
    return "".join(_in_ascii(character) for character in found), error.end


def _in_ascii(character: str) -> str:
    """The nearest that any encoding has."""
    plain = unicodedata.normalize("NFKD", character).translate(_PLAIN)
    return "".join(c for c in plain if c.isascii()) or "?"
