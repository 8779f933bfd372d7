"""Files that an option names: written whole, or refused with the option's name."""

from __future__ import annotations

from pathlib import Path

from underlay.files import write_whole

from .errors import Refused


def write_output(option: str, path: str | Path, text: str, *, mode: int = 0o644) -> None:
    """
    :param mode: see `write_whole`.
    :raises Refused: when the file cannot be written.
    """
    try:
        write_whole(Path(path), text, mode=mode)
    except OSError as error:
        raise Refused([f"{option}: {path} cannot be written ({error.strerror}); name another file"]) from error
