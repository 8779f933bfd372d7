"""What a cluster says of its network: the one that it was made with, and a change of it that has not ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from underlay.inventory.spec import Spec
from underlay.networks.registry import mode_named
from underlay.plan.host_questions import ROUTES

# As pydantic writes a secret.
_HIDDEN = "**********"
Variables = Mapping[str, Any]
"""The variables of an inventory that name a network: `network`, and `routes`."""


@dataclass(frozen=True)
class ChangeRecord:
    """`was` is the network that the cluster has, `to` the one that an unfinished change leads to."""

    was: Variables
    to: Variables | None = None


def read_change(recorded: str) -> ChangeRecord | None:
    """From the answer to the probe `recorded`; None of a cluster without a record."""
    entries = {kind: text for e in recorded.split(";;") for kind, _, text in [e.strip().partition(" ")]}
    if "ConfigMap" not in entries:
        return None
    if change := json.loads(entries.get("Change") or "null"):
        return ChangeRecord(change["from"], change["to"])
    record = json.loads(entries["ConfigMap"])
    # Earlier releases recorded no routes: the mode's default stands for them.
    return ChangeRecord({"network": record["network"], ROUTES: record.get(ROUTES)})


def has_secrets(known: Variables) -> bool:
    """Whether a network has settings that no record has."""
    return _HIDDEN in known["network"].values()


def with_stand_ins(known: Variables) -> dict[str, Any]:
    """Variables that can be read: what no record has is as in documentation."""
    settings = known["network"]
    kind = mode_named(str(settings.get("mode")))
    example = kind.example() if kind else {}
    return {
        **known,
        "network": {name: example.get(name, value) if value == _HIDDEN else value for name, value in settings.items()},
    }


def variables_of(spec: Spec) -> dict[str, Any]:
    """The network of an inventory, as a record has it."""
    settings = {"mode": spec.network.mode, **spec.network.model_dump(mode="json")}
    return {"network": settings, ROUTES: spec.cluster.routes.value}


def is_same(known: Variables, spec: Spec) -> bool:
    """Whether a recorded network is that of an inventory."""
    mine = variables_of(spec)
    return known["network"] == mine["network"] and known.get(ROUTES) in (None, mine[ROUTES])
