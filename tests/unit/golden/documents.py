"""The golden documents: what every cluster has, and how each plugin differs from that and each mode from its plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from tests.unit.clusters import MODES, PlainNetwork
from underlay.networks.network import Network
from underlay.networks.registry import modes

from .difference import difference
from .plain import PLUGINS, plain_of
from .rendering import SHAPES, Files, files

Render = Callable[[type[Network], str], Files]
COMMON = "common"
NOTHING = "(nothing)\n"
DOCUMENTS = (COMMON, *(f"{COMMON}-{plugin.mode}" for plugin in PLUGINS), *MODES)


def made(kind: type[Network]) -> Network:
    """A network as it can be deployed."""
    return kind.model_validate(kind.example())


def rendering() -> Render:
    """What renders a network on a cluster of some shape, and remembers it."""
    return cache(lambda kind, shape: files(made(kind), shape))


def document(name: str, render: Render) -> str:
    if name == COMMON:
        return _common(render)
    if name.startswith(f"{COMMON}-"):
        plugin = next(p for p in PLUGINS if name == f"{COMMON}-{p.mode}")
        return _compared(plugin, PlainNetwork, tuple(SHAPES), render)
    kind = modes()[name]
    return _compared(kind, plain_of(kind), served(kind), render) + "".join(_refused(kind))


def served(kind: type[Network]) -> tuple[str, ...]:
    """The shapes of clusters that a mode can serve; without BGP where it needs none."""
    network = made(kind)
    found = [shape for shape, cluster in SHAPES.items() if not network.problems(cluster)]
    return tuple(shape for shape in found if shape != "small with BGP" or "small" not in found)


def _refused(kind: type[Network]) -> Iterator[str]:
    for shape in SHAPES:
        if problems := made(kind).problems(SHAPES[shape]):
            yield f"##### {shape}: refused: {'; '.join(problems)}\n"


def _common(render: Render) -> str:
    small, with_bgp, *others = SHAPES
    texts = [f"##### {small}\n{difference(render(PlainNetwork, small), {})}"]
    for before, after in ((small, with_bgp), *((with_bgp, other) for other in others)):
        text = difference(render(PlainNetwork, after), render(PlainNetwork, before))
        texts.append(f"##### {after}, compared with {before}\n{text}")
    return "# What every cluster gets, whatever its mode.\n" + "".join(texts)


def _compared(kind: type[Network], plain: type[Network], shapes: tuple[str, ...], render: Render) -> str:
    """How a network differs from a plainer one on the first shape, and what other shapes change about that."""
    small, *others = shapes
    texts = [f"##### {small}\n{difference(render(kind, small), render(plain, small)) or NOTHING}"]
    for shape in others:
        expected = render(plain, shape), render(plain, small)
        if text := difference(render(kind, shape), render(kind, small), expected=expected):
            texts.append(f"##### {shape}, compared with {small}\n{text}")
    return f"# {kind.mode}, compared with {plain.mode}.\n" + "".join(texts)
