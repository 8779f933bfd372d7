"""What is wrong with an inventory file itself: it does not run, or what it names as hosts are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

from underlay.inventory.errors import printable

_HOST = 'a host is its name, or ("w-1", {"address": …})'


def group_problems(groups: Mapping[str, Any]) -> Iterator[str]:
    """A line for each host that is none, or that one group names more than once, the last of which would count.

    :param groups: the variables of an inventory file: lists of hosts, or (hosts, {variables of all}).
    """
    for group, stated in groups.items():
        hosts = stated[0] if isinstance(stated, tuple) and stated else stated
        if not isinstance(hosts, (list, tuple)):
            continue
        names: list[str] = []
        for host in hosts:
            name, *variables = host if isinstance(host, tuple) and host else (host, {})
            if (
                not isinstance(name, str)
                or not name.strip()
                or len(variables) != 1
                or not isinstance(variables[0], dict)
            ):
                yield f"inventory: {group}: no host (it is {printable(repr(host))[:60]}); {_HOST}"
            elif name in names:
                yield f"{group}.{name}: the host is listed twice; name it once, with all of its variables"
            names.append(str(name))


@contextmanager
def patched(module: ModuleType, name: str, function: Callable[..., Any]) -> Iterator[None]:
    """A function of a module replaced for a while."""
    original = getattr(module, name)
    setattr(module, name, function)
    try:
        yield
    finally:
        setattr(module, name, original)


def load_problem(path: str, error: BaseException) -> str:
    """Why a file did not load: what it raised, and in which of its lines.

    :param error: what was raised while it, or a file of group_data, ran.
    """
    own = {str(Path(path)), str(Path(path).resolve())}
    frames = [f for f in extract_tb(error.__traceback__) if f.filename in own or "group_data" in f.filename]
    at = f"line {frames[-1].lineno}" if frames else ""
    where = path
    if frames and frames[-1].filename not in own:
        where = frames[-1].filename
    if isinstance(error, SyntaxError):
        where, at = error.filename or path, f"line {error.lineno}" if error.lineno else ""
        said = str(error.msg)
    elif isinstance(error, UnicodeDecodeError):
        return f"inventory: {where}: is not UTF-8 ({error}); save it as UTF-8"
    else:
        said = " ".join(str(error).split())
    what = printable(f"{type(error).__name__}: {said}" if said else type(error).__name__)
    return f"inventory: {where}: {what}" + (f" ({at})" if at else "") + "; correct the file"
