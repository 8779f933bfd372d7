"""What verification reads of helm's own record of a release, a Secret on the cluster."""

from __future__ import annotations

import base64
import gzip
import json
import random
from typing import Any

import pytest

from tests.unit.local_host import Result, SayingHost
from underlay.resources.release import HelmRelease, HostChart

VALUES: dict[str, Any] = {"routingMode": "native", "key": "x", "mtu": 1400}
CHART = HostChart("plugin", "1.2.3", "1" * 64, "/charts/plugin-1.2.3.tgz", install="")
RELEASE = HelmRelease("plugin", "plugin-system", CHART, VALUES)


def record(*, version: str = "1.2.3", config: Any = VALUES, manifest: str = "") -> str:
    chart = {"metadata": {"name": "plugin", "version": version}}
    document = {"chart": chart, "config": config, "manifest": manifest}
    packed = base64.b64encode(gzip.compress(json.dumps(document).encode()))
    return base64.b64encode(packed).decode()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Result(0, record()), None),
        (Result(0, ""), "nothing is deployed"),
        (Result(1, "", "no cluster\n"), "nothing is deployed: no cluster"),
        (Result(0, record(version="1.2.2")), "plugin 1.2.2, expected plugin 1.2.3"),
        (Result(0, record(config=None)), "values differ: key, mtu, routingMode"),
        (Result(0, record(config=VALUES | {"mtu": 1})), "values differ: mtu"),
        (Result(0, "bm90aGluZw=="), "its Secret cannot be read"),
        (Result(0, "!"), "its Secret cannot be read"),
    ],
)
def test_the_check_reads_helms_own_record(answer: Result, problem: str | None) -> None:
    found = RELEASE.check(SayingHost({"kubectl ": answer}))
    assert (found is None) == (problem is None)
    if found is not None:
        assert found.startswith("release plugin in namespace plugin-system")
        assert found.endswith(problem or "")


def of_size(kilobytes: int) -> str:
    """A record that has about as many bytes in its Secret."""
    return record(manifest=base64.b64encode(random.Random(1).randbytes(kilobytes * 739)).decode())  # noqa: S311


def test_a_record_that_nearly_fills_its_secret_is_reported() -> None:
    # crd.projectcalico.org.v1 v3.32.1 had 949 kB on a cluster.
    assert RELEASE.check(SayingHost({"kubectl ": Result(0, of_size(949))})) is None
    large = of_size(1030)
    assert RELEASE.check(SayingHost({"kubectl ": Result(0, large)})) == (
        f"release plugin in namespace plugin-system: its record fills 97 % of a Secret ({len(base64.b64decode(large))} of "
        "1048576 bytes), and helm cannot install a chart whose record does not fit; keep this version, and see "
        "docs/artifacts.md before the next"
    )
