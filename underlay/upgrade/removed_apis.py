"""Requests for APIs that the new version no longer serves, by what the API servers have counted since their start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.parser import text_string_to_metric_families

from underlay.resources.api_server import KUBECTL, SECONDS

from .versions import version

# kubernetes/staging/src/k8s.io/apiserver/pkg/endpoints/metrics: one sample, 1, for each that was requested.
_METRIC = "apiserver_requested_deprecated_apis"

COMMAND = f"""\
u_counted=$(timeout {SECONDS} {KUBECTL} --server=https://127.0.0.1:6443 --tls-server-name=kubernetes \\
  get --raw /metrics) || exit 1
printf '%s\\n' "$u_counted" | grep '^{_METRIC}{{' || true
"""
"""Shell, on a control-plane host, that prints what its API server has counted."""


def removed_apis(output: str, to: str) -> Iterator[str]:
    """`flowschemas.flowcontrol.apiserver.k8s.io/v1beta3 (removed in 1.32)`, of each that is in use.

    :param output: of `COMMAND`. :param to: the new version of Kubernetes.
    """
    new = version(to)[:2]
    for sample in _samples(output.splitlines()):
        removed = sample.get("removed_release", "")
        if removed and version(f"{removed}.0")[:2] <= new:
            group = f".{sample['group']}" if sample.get("group") else ""
            yield f"{sample['resource']}{group}/{sample['version']} (removed in {removed})"


def _samples(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    for family in text_string_to_metric_families("\n".join(lines) + "\n"):
        for sample in family.samples:
            if sample.name == _METRIC and sample.value:
                yield sample.labels
