"""A verification's hosts, namespace and shells, for tests that ask a part of it themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from underlay.resources.api_server import LONG_SECONDS
from underlay.verify import server_pods
from underlay.verify.probe_objects import NAMESPACE
from underlay.verify.target import Target

from .deployed import INVENTORY, Deployed


@contextmanager
def verifying(deployed: Deployed, **cluster: Any) -> Iterator[Target]:
    """The target of a lab that is deployed, with variables changed as in its deploy, and a namespace while it lasts."""
    wanted = dict(deployed.cluster | cluster)
    extras = {"only_v6": wanted.pop("only_v6", False)}
    request = {"lab": deployed.lab, "cluster": wanted, "carried": deployed.carried, **extras}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERLAY_INVENTORY", INVENTORY)
        patch.setenv("UNDERLAY_TEST", json.dumps(request))
        target = Target.from_environment()
    # That of the verification before is deleted without waiting.
    target.kubectl(f"delete namespace {NAMESPACE} --ignore-not-found --wait=true --timeout={LONG_SECONDS}s")
    target.kubectl(f"create namespace {NAMESPACE}")
    try:
        yield target
    finally:
        server_pods.stop(target)
        target.close()
