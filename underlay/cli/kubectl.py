"""`underlay kubectl`: kubectl with the kubeconfig of a cluster deployed from here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from .errors import Refused


@click.command("kubectl", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def kubectl_command(arguments: tuple[str, ...]) -> None:
    """Run kubectl with the kubeconfig of the cluster deployed from here.

    \b
    With several clusters, UNDERLAY_CLUSTER selects one.
    Example:  underlay kubectl get nodes -o wide
    """
    configs = {p.parent.name: p for p in Path(".underlay").glob("*/kubeconfig")}
    name = os.environ.get("UNDERLAY_CLUSTER") or (next(iter(configs)) if len(configs) == 1 else None)
    if name not in configs:
        if not configs:
            raise Refused([".underlay: no cluster was deployed from this directory; run underlay deploy INVENTORY"])
        wrong = f"unknown cluster {name}" if name else "is not set, and there are several clusters"
        raise Refused([f"UNDERLAY_CLUSTER: {wrong}; known here are {', '.join(sorted(configs))}"])
    program = _program()
    os.execv(program, [program, f"--kubeconfig={configs[name]}", *arguments])  # noqa: S606


def _program() -> str:
    """kubectl of this machine, or of its bundle."""
    if found := shutil.which("kubectl"):
        return found
    from underlay.artifacts.bundle_source import bundled_program  # noqa: PLC0415

    return str(bundled_program("kubectl"))
