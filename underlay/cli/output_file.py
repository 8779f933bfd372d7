"""Files that an option names: written whole, or refused with the option's name."""

from __future__ import annotations

from pathlib import Path

from underlay.files import write_whole

from .errors import Refused


def write_output(option: str, path: str | Path, text: str) -> None:
    """
    :raises Refused: when the file cannot be written.
    """
    try:
        write_whole(Path(path), text)
    except OSError as error:
        raise Refused([f"{option}: {path} cannot be written ({error.strerror}); name another file"]) from error
