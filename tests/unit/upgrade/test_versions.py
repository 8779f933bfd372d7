"""Versions that may follow one another, and kubelets that an API server serves."""

from __future__ import annotations

import pytest

from underlay.upgrade.versions import version, version_problems


@pytest.mark.parametrize(
    ("was", "to"), [("v1.36.1", "v1.36.3"), ("v1.36.3", "v1.37.2"), ("v1.9.11", "v1.10.0"), ("v1.37.2", "v1.37.2")]
)
def test_a_minor_at_a_time_is_fine(was: str, to: str) -> None:
    assert list(version_problems(was, to, {"w-1": was})) == []


@pytest.mark.parametrize(
    ("was", "to", "kubelet", "problem"),
    [
        ("v1.35.4", "v1.37.2", "v1.35.4", "first take a v1.36 release"),
        ("v1.37.2", "v1.36.3", "v1.36.3", "Kubernetes does not go back"),
        ("v1.36.3", "v1.36.1", "v1.36.1", "Kubernetes does not go back"),
        # https://kubernetes.io/releases/version-skew-policy/#kubelet
        (
            "v1.36.3",
            "v1.37.2",
            "v1.33.9",
            "w-1: its kubelet is v1.33.9; v1.37.2 serves none that is more than 3 minors",
        ),
        ("v1.36.1", "v1.36.3", "v1.37.2", "w-1: its kubelet is v1.37.2, newer than v1.36.3"),
    ],
)
def test_what_may_not_be_is_one_line(was: str, to: str, kubelet: str, problem: str) -> None:
    [line] = version_problems(was, to, {"w-1": kubelet})
    assert problem in line


def test_three_minors_behind_is_served() -> None:
    assert list(version_problems("v1.36.3", "v1.37.2", {"w-1": "v1.34.0", "w-2": "v1.36.3"})) == []


def test_a_build_of_somebody_s_own_is_its_version() -> None:
    assert version("v1.37.2-custom.1") == (1, 37, 2)
