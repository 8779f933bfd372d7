"""Tables of README and docs, made from the code that they describe."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from underlay.findings.codes import CODES
from underlay.inventory.variables import ClusterVariables, HostVariables
from underlay.model.traits import Reach
from underlay.networks.registry import modes
from underlay.policy_engines import kube_router
from underlay.policy_engines.settings import CURRENT

from .comparison import Comparison, comparison
from .example_cluster import example_of
from .mode_text import facts
from .proof import RUNGS, Proofs

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
_ACROSS = {Reach.ANYWHERE: "yes", Reach.WITH_ROUTES: "with BGP or routes", Reach.SEGMENT: "no"}


def modes_table(proofs: Proofs) -> str:
    """Every mode with its rung, by plugin, for README; the names lead to docs/networks.md."""
    plugins: dict[str, list[Comparison]] = {}
    for mode in comparison(proofs):
        plugins.setdefault(mode.plugin, []).append(mode)
    rows = [
        (plugin, " · ".join(f"[`{m.mode}`](docs/networks.md#{m.mode}) {m.proof.rung}{_own(m)}" for m in modes))
        for plugin, modes in plugins.items()
    ]
    return markdown(("plugin", "modes, each with how far it is proven"), rows)


def _own(mode: Comparison) -> str:
    return " M" if mode.proof.machines else ""


def ladder() -> str:
    """The meaning of each rung of the ladder, and of the letter beside one."""
    rungs = "\n".join(f"{rung}. {word}: {meaning}" for rung, (word, meaning) in RUNGS.items())
    return f"{rungs}\n\nM: seen on machines with kernels of their own, too; docs/networks.md says what."


def codes_table() -> str:
    """Every finding of preflight: its severity, what is examined, and the likely cause."""
    rows = [(f"`{code}`", c.severity.value, c.title, c.cause) for code, c in CODES.items()]
    return markdown(("code", "severity", "about", "likely cause"), rows)


def images_table(reference: Callable[[str], str]) -> str:
    """The images that nodes pull for each mode, whatever the source: charts name them, and bundles lack them.

    :param reference: the full name of an image by its name in the artifact catalog.
    """
    modes_of: dict[str, list[str]] = {}
    for mode in modes():
        network, cluster = example_of(mode)
        addon = network.addon(cluster)
        for image in addon.not_among(map(reference, addon.images)):
            modes_of.setdefault(image, []).append(mode)
    groups: dict[str, list[str]] = {}
    for image, names in modes_of.items():
        groups.setdefault(_together(names), []).append(f"`{image}`")
    groups["any other, with network_policy"] = [f"`{kube_router.REPOSITORY}:{CURRENT}`"]
    return markdown(("modes", "images"), [(names, ", ".join(images)) for names, images in groups.items()])


def policies_table() -> str:
    """What enforces NetworkPolicies in each mode, whether policies of the whole cluster are, and who says so."""
    modes_of: dict[tuple[str, str, str], list[str]] = {}
    for mode in comparison({}):
        support = mode.cluster_policy
        modes_of.setdefault((mode.policy, support.word, support.source), []).append(mode.mode)
    rows = [(_together(names), *columns) for columns, names in modes_of.items()]
    return markdown(("modes", "NetworkPolicy", "ClusterNetworkPolicy", "source for the last"), rows)


def _together(names: Sequence[str]) -> str:
    """Modes by their names, or by the plugin's where they are all that it has."""
    plugin = names[0].partition("-")[0]
    every = [m for m in modes() if m.partition("-")[0] == plugin]
    return f"every mode of {plugin}" if list(names) == every and len(every) > 1 else ", ".join(names)


def columns(modes: Sequence[Comparison]) -> Table:
    """Every mode in full: what each is chosen by."""
    head: tuple[str, ...] = (
        "mode", "between nodes", "needs", "overhead", "pod MTU", "policy", "cluster policy", "encryption",
        "across racks", "IP", "clouds", "kernel", "upstream", "proven",
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [
        (
            m.mode,
            m.data_path,
            "; ".join(m.needs) or "–",
            str(m.overhead),
            _mtu(m),
            m.policy,
            m.cluster_policy.word,
            m.traits.encryption or "–",
            _across(m),
            m.families,
            _clouds(m),
            m.kernel,
            m.traits.status.value,
            f"{m.proof.rung} {m.proof.word}{_own(m)}",
        )
        for m in modes
    ]
    return head, rows


def networks_page(proofs: Proofs) -> str:
    """The body of docs/networks.md: the table in full, then each mode with its picture."""
    modes = comparison(proofs)
    head, rows = columns(modes)
    linked = [(f"[`{row[0]}`](#{row[0]})", *row[1:]) for row in rows]
    return "\n\n".join([markdown(head, linked), *(_section(m) for m in modes)])


def _section(mode: Comparison) -> str:
    picture = f"![{mode.mode} on the wire](pictures/{mode.mode}.svg)" if mode.pod_mtu else ""
    warning = f"**Warning**: {mode.traits.warning}" if mode.traits.warning else ""
    facts_ = markdown(("", ""), facts(mode))
    settings = [(f"`{s.name}`", f"`{s.default}`" if s.default else "", s.bounds, s.meaning) for s in mode.settings]
    table = markdown(("setting", "default", "may be", "meaning"), settings) if settings else ""
    parts = (f"## {mode.mode}", mode.what, mode.advice, warning, picture, facts_, table)
    return "\n\n".join(part for part in parts if part)


def _across(mode: Comparison) -> str:
    return (
        "in the cloud's network"
        if mode.traits.cloud and mode.traits.reach is not Reach.ANYWHERE
        else _ACROSS[mode.traits.reach]
    )


def _mtu(mode: Comparison) -> str:
    return str(mode.pod_mtu) if mode.pod_mtu else "yours"


def _clouds(mode: Comparison) -> str:
    if mode.traits.cloud:
        return mode.traits.cloud
    return "any" if mode.traits.reach is Reach.ANYWHERE else "with routes there"


def variables_table() -> str:
    """Every variable of an inventory: those of a host first."""
    rows = [
        (f"`{name}`", where, _default(model, name), model.model_fields[name].description or "")
        for model, where in ((HostVariables, "a host"), (ClusterVariables, "all hosts"))
        for name in model.model_fields
    ]
    return markdown(("variable", "of", "default", "meaning"), rows)


def _default(model: type[BaseModel], field: str) -> str:
    default = model.model_fields[field].default
    if default is PydanticUndefined:
        return "required"
    return "" if default in (None, (), {}) else f"`{default}`"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as GitHub reads it."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
