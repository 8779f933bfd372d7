"""Certificates that kubeadm made: which ones are renewed, and when."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.certificate_lines import DAY, YEAR, pem
from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.kubeadm_certificates import KubeadmCertificates

OF_KUBEADM = KubeadmCertificates()


@pytest.fixture
def files(shell: Shell, tmp_path: Path) -> Path:
    shell.places |= {"/etc/kubernetes/": f"{tmp_path}/kubernetes/", "/var/lib/kubelet/": f"{tmp_path}/kubelet/"}
    for name in ("kubernetes/pki/etcd", "kubelet/pki"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def wrote(path: Path, *, left: timedelta) -> None:
    path.write_bytes(pem(end=datetime.now(UTC) + left, life=YEAR))


def embedded(*, left: timedelta) -> str:
    shown = base64.b64encode(pem(end=datetime.now(UTC) + left, life=YEAR)).decode()
    return f"users:\n- name: system\n  user:\n    client-certificate-data: {shown}\n"


def test_those_with_a_month_left_stay(shell: Shell, files: Path) -> None:
    wrote(files / "kubernetes/pki/apiserver.crt", left=40 * DAY)
    # kubeadm renews no authority, and the kubelet its own.
    wrote(files / "kubernetes/pki/ca.crt", left=10 * DAY)
    wrote(files / "kubernetes/pki/etcd/ca.crt", left=10 * DAY)
    wrote(files / "kubernetes/pki/front-proxy-ca.crt", left=10 * DAY)
    wrote(files / "kubelet/pki/kubelet-client-current.pem", left=10 * DAY)
    named = "    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem\n"
    (files / "kubernetes/kubelet.conf").write_text(named)
    (files / "kubernetes/scheduler.conf").write_text(embedded(left=40 * DAY))
    (observed,) = shell.observe(OF_KUBEADM)
    assert observed.count(".crt ") == 4
    assert OF_KUBEADM.difference(observed) is None


def test_the_one_that_ends_first_is_named(shell: Shell, files: Path) -> None:
    wrote(files / "kubernetes/pki/apiserver.crt", left=20 * DAY + timedelta(hours=1))
    wrote(files / "kubernetes/pki/etcd/server.crt", left=-DAY)
    (observed,) = shell.observe(OF_KUBEADM)
    expired = f"{datetime.now(UTC) - DAY:%Y-%m-%d}"
    assert OF_KUBEADM.sentence(observed) == (
        f"certificates of kubeadm: {files}/kubernetes/pki/etcd/server.crt expired on {expired} and 1 more -> renewed, and "
        "the control plane's programs restarted"
    )


def test_where_kubeadm_has_not_been_there_is_nothing_to_renew(shell: Shell, files: Path) -> None:
    assert shell.observe(OF_KUBEADM) == [""]
    assert OF_KUBEADM.difference("") is None


def test_what_kubeadm_cannot_renew_is_told(shell: Shell, files: Path) -> None:
    shell.program_is("kubeadm", "echo 'error: unable to renew certificate apiserver: no key' >&2; exit 1")
    shell.places["/var/log/"] = f"{files}/"
    outcome, errors = shell.apply_and_tell(OF_KUBEADM)
    assert outcome.failed == OF_KUBEADM
    assert errors == "error: unable to renew certificate apiserver: no key\n"


# As kubeadm 1.37 prints it, shortened.
def left(seconds: int, *, external: bool = False) -> str:
    return json.dumps(
        {
            "certificates": [
                {
                    "name": "apiserver",
                    "expirationDate": "2026-06-01T00:00:00Z",
                    "residualTime": seconds,
                    "externallyManaged": external,
                }
            ]
        }
    )


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Result(0, left(86_400)), None),
        (Result(0, left(-5)), "certificates: apiserver expired on 2026-06-01T00:00:00Z"),
        (Result(0, left(-5, external=True)), None),
        (Result(1, "", "no such file\n"), "certificates: could not be asked (no such file)"),
    ],
)
def test_the_check_asks_kubeadm(answer: Result, problem: str | None) -> None:
    assert OF_KUBEADM.check(SayingHost({"kubeadm certs check-expiration -o json": answer})) == problem
