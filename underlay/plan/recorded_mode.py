"""A mode in a host's record: its name, and what it leaves on a host with the settings that it was deployed with."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from underlay.model.footprint import Traces
from underlay.networks.network import Network
from underlay.networks.registry import modes

_TRACES = TypeAdapter(Traces)


def mode_line(network: Network) -> str:
    """The mode's name, a space, and its traces in JSON without defaults."""
    return f"{network.mode} {_TRACES.dump_json(network.traces(), exclude_defaults=True).decode()}"


def traces_in(line: str) -> Traces | None:
    """What a mode left; by its name alone with the settings that documentation shows. None of an unknown mode."""
    name, _, recorded = line.partition(" ")
    if recorded:
        try:
            return _TRACES.validate_json(recorded)
        except ValidationError:
            # Written by a release that knew other kinds of traces.
            pass
    known = modes().get(name)
    return known(**known.example()).traces() if known else None
