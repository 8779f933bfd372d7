"""What one render has and another has not, as text for a reviewer.

A line counts with its place: host, file, and the keys it is indented under. So differences add up: what a mode adds on
a dual-stack cluster is what remains after what the mode, its plugin and the dual stack add.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple

from .rendering import SHAPES, Files


class Line(NamedTuple):
    context: str
    text: str


NODES = {node.name for node in SHAPES["small"].nodes}


@cache
def placed(text: str) -> tuple[Line, ...]:
    """Every line with the keys above it, as in "spec containers kube-flannel env"."""
    return tuple(_placed(text))


def _placed(text: str) -> Iterator[Line]:
    above: list[tuple[float, str]] = []
    for line in text.splitlines():
        content = line.strip()
        # The items of a list are indented as their key is; a section of a unit is above all that follows.
        depth = len(line) - len(line.lstrip()) + content.startswith("- ") / 2
        if line.startswith("["):
            depth = -1
        while above and above[-1][0] >= depth:
            above.pop()
        yield Line(" ".join(key for _, key in above if key), content)
        above.append((depth, " ".join(re.findall(r"[\w./*-]*[a-zA-Z][\w./*-]*", content.removeprefix("- name:")))))


def difference(after: Files, before: Files, *, expected: tuple[Files, Files] = ({}, {})) -> str:
    """What `after` has and `before` has not, less what the first of `expected` has and the second has not.

    Files that are new stand in whole, of others the lines: `+` has it more often, `-` less often, `~` has another value.
    What is the same on several hosts is there once.
    """
    sources = (after, before, *expected)
    paths = sorted({path for files in sources for _, path in files}, key=lambda path: (path.startswith("/"), path))
    return "".join(section for path in paths for section in _sections(path, sources))


def _sections(path: str, sources: tuple[Files, ...]) -> Iterator[str]:
    after, before, *expected = sources
    hosts = sorted({host for files in sources for host, known in files if known == path})
    new = [h for h in hosts if (h, path) in after and not any((h, path) in files for files in sources[1:])]
    known = {text: host for files in sources[1:] for (host, place), text in files.items() if place == path}
    first = ""
    for text in dict.fromkeys(after[h, path] for h in new):
        same = [h for h in new if after[h, path] == text]
        shorter = "".join(_changes(same, path, (after, {(h, path): first for h in same})))
        if text in known:
            yield _section(same, path, [f"(as on {known[text]})"])
        elif first and len(shorter) < len(text):
            yield shorter
        else:
            first = first or text
            yield _section(same, path, list(_joined(text.splitlines())))
    gone = [h for h in hosts if (h, path) in before and not any((h, path) in files for files in (after, *expected))]
    if gone:
        yield _section(gone, path, ["(not here)"])
    kept = [h for h in hosts if h not in (*new, *gone)]
    yield from _changes(kept, path, sources)
    for host in kept:
        if _reordered(after.get((host, path), ""), before.get((host, path), "")):
            yield _section([host], f"{path}, in another order", after[host, path].splitlines())


def _reordered(after: str, before: str) -> bool:
    """Whether lines that both have once stand in another order."""
    if after == before:
        return False
    once = _once(after) & _once(before)
    return [line for line in placed(after) if line in once] != [line for line in placed(before) if line in once]


@cache
def _once(text: str) -> frozenset[Line]:
    """The lines that are there once."""
    return frozenset(line for line, n in Counter(placed(text)).items() if n == 1)


def _changes(hosts: list[str], path: str, sources: tuple[Files, ...]) -> Iterator[str]:
    """The changed lines, those first that most hosts have in common."""
    found: dict[tuple[Line, int], list[str]] = {}
    for host in hosts:
        texts = [files.get((host, path), "") for files in sources]
        for change in _without_overruled(_counted(texts), texts).items():
            found.setdefault(change, []).append(host)
    if not found:
        return
    ranks = _ranks([files[h, path] for files in sources for h in hosts if (h, path) in files])
    ordered = sorted(found, key=lambda change: ranks[change[0]])
    for among in sorted({tuple(h) for h in found.values()}, key=lambda names: (-len(names), names)):
        changes = dict(change for change in ordered if tuple(found[change]) == among)
        yield _section(among, path, list(_joined(_shown(changes))))


def _section(hosts: Sequence[str], path: str, shown: list[str]) -> str:
    where = f"{'every node' if {*hosts} == NODES else ', '.join(hosts)}: {path}" if any(hosts) else path
    return f"=== {where}: {shown[0]}\n" if len(shown) == 1 else "\n".join([f"=== {where}", *shown, ""])


_NAMED = re.compile(r"([-+]?\w+: (?:packages|kernel module|kernel option|images|file)) ([^ ,]+)(.*)")
_NEIGHBOR = re.compile(r"([-+]? *neighbor [\w.:]+) (.*)()")


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """The lines, those on one line that say the same of several ("packages conntrack curl") or several things of one."""
    matches = ((line, _NAMED.fullmatch(line) or _NEIGHBOR.fullmatch(line)) for line in lines)
    for same, group in groupby(matches, key=lambda pair: pair[1].group(1, 3) if pair[1] else None):
        if same is None:
            yield from (line for line, _ in group)
        else:
            between = ", " if "neighbor" in same[0] else " "
            yield f"{same[0]} {between.join(match[2] for _, match in group if match)}{same[1]}"


def _counted(texts: list[str]) -> dict[Line, int]:
    if len(texts) == 2 and texts[0] == texts[1]:
        return {}
    total: Counter[Line] = Counter()
    for sign, text in zip((1, -1, -1, 1), texts, strict=False):
        for line in placed(text):
            total[line] += sign
    return {line: n for line, n in total.items() if n}


def _without_overruled(counts: dict[Line, int], texts: list[str]) -> dict[Line, int]:
    """The changes less what was expected of a key that has another value anyway."""
    if not counts:
        return {}
    keyed = [_keyed(text) for text in texts]
    values = {line for text in texts[:2] for line in placed(text)}
    stated = {(line.context, _key(line)) for line, n in counts.items() if n > 0 and line in values}
    return {
        line: n
        for line, n in counts.items()
        if line in values
        or (line.context, _key(line)) not in stated
        or any(k[line.context, _key(line)] > 1 for k in keyed)
    }


@cache
def _keyed(text: str) -> Counter[tuple[str, str]]:
    """How often each key is there, with the keys above it."""
    return Counter((line.context, _key(line)) for line in placed(text))


def _key(line: Line) -> str:
    return line.text.partition("=")[0].partition(": ")[0]


def _ranks(texts: list[str]) -> dict[Line, tuple[int, int]]:
    """Line -> where its keys stand, and where it stands below them."""
    lines = {line: i for i, line in reversed([*enumerate(line for text in texts for line in placed(text))])}
    contexts: dict[str, int] = {}
    for line, i in lines.items():
        contexts[line.context] = min(i, contexts.get(line.context, i))
    return {line: (contexts[line.context], i) for line, i in lines.items()}


def _shown(counts: dict[Line, int]) -> Iterator[str]:
    for context, group in groupby(counts, key=lambda line: line.context):
        texts = [f"{'+' if counts[line] > 0 else '-'}{line.text}" for line in group for _ in range(abs(counts[line]))]
        texts = _other_values(texts)
        if not context:
            yield from texts
        elif len(texts) == 1:
            yield f"@ {context} | {texts[0]}"
        else:
            yield from (f"@ {context}", *texts)


def _other_values(texts: list[str]) -> list[str]:
    """The lines with those that give one key another value as one: "~mtu: 1500 -> 1450"."""
    keys = [re.match(r"[-+]([\w./-]+(?:: |=))(.*)", text) for text in texts]
    found = []
    for key, text in zip(keys, texts, strict=True):
        pair = [k for k in keys if k and key and k[1] == key[1]]
        if key and len(pair) == 2 and {p[0][0] for p in pair} == {"-", "+"}:
            old, new = sorted(pair, key=lambda p: p[0][0] == "+")
            if key is pair[0]:
                found.append(f"~{key[1]}{old[2]} -> {new[2]}")
        else:
            found.append(text)
    return found
