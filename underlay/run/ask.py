"""Asks a host one question, outside the query of its plan."""

from __future__ import annotations

from pyinfra.api import Host
from pyinfra.context import ctx_host

from underlay.plan.probe import Probe
from underlay.resources.answer import Answer
from underlay.resources.script import observe_script, read_observations

from .command import run_script
from .privilege import root_arguments


def ask(host: Host, probe: Probe) -> Answer:
    """What the host answers."""
    with ctx_host.use(host):
        ran = run_script(host, observe_script((probe,)), root_arguments(host))
    return probe.read(read_observations((probe,), ran.out)[0])
