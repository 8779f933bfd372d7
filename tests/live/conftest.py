"""Hooks and fixtures of the live tests; all of them are underlay.verify's."""

from __future__ import annotations

from underlay.verify.evidence import evidence
from underlay.verify.fixtures import (
    bgp,
    clocks,
    cluster,
    cluster_policy_results,
    kube_proxy_ready,
    measured,
    policy_results,
    states,
    target,
    traffic_run,
)
from underlay.verify.hooks import (
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_runtest_logreport,
    pytest_runtest_makereport,
    pytest_sessionfinish,
)
from underlay.verify.parametrize import pytest_generate_tests

__all__ = [
    "bgp",
    "clocks",
    "cluster",
    "cluster_policy_results",
    "evidence",
    "kube_proxy_ready",
    "measured",
    "policy_results",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_generate_tests",
    "pytest_runtest_logreport",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
    "states",
    "target",
    "traffic_run",
]
