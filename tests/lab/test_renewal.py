"""Certificates near their end are renewed by a deploy, and those that have ended by a command that needs no API server.

A deploy that is killed between the two steps leaves what a renewal by hand leaves: certificates that nobody has read.
"""

from __future__ import annotations

import base64
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from cryptography import x509

from underlay.lab.model.topology import Lab

from .deployed import ROOT, Deployed, Run
from .waiting import until

pytestmark = [pytest.mark.lab]

PROGRAMS = {"etcd", "kube-apiserver", "kube-controller", "kube-scheduler"}  # Linux cuts names at 15 characters
WHOLE_YEAR = timedelta(days=360)


def sign_anew(cluster: Deployed, *, days: int) -> None:
    """Give the API server's certificate another end, counted from now: signed a year ago by the cluster's authority."""
    dates = " ".join(
        f"{option} $(date -u -d '{when}' +%Y%m%d%H%M%SZ)"
        for option, when in (("-not_before", "-1 year"), ("-not_after", f"{days:+} days 1 hour"))
    )
    cluster.ssh(
        "cp-1",
        "set -e; cd /etc/kubernetes/pki; "
        f"openssl x509 -in apiserver.crt -CA ca.crt -CAkey ca.key -set_serial 7 {dates} -out new; mv new apiserver.crt",
    )


def processes(cluster: Deployed) -> dict[str, str]:
    """The process of each of the control plane's programs."""
    listed = cluster.ssh("cp-1", "cd /proc; grep -s '' [0-9]*/comm").splitlines()
    return {name: pid for pid, _, name in (line.partition("/comm:") for line in listed) if name in PROGRAMS}


def served(cluster: Deployed) -> datetime:
    """When the certificate ends that the API server shows to whoever connects."""
    address = Lab(**cluster.lab).node("cp-1").address
    return end_of(ssl.get_server_certificate((str(address), 6443), timeout=10).encode())


def of_administrator(cluster: Deployed) -> datetime:
    """When the administrator's kubeconfig on the controller ends."""
    (user,) = yaml.safe_load((ROOT / ".underlay" / cluster.name / "kubeconfig").read_text())["users"]
    return end_of(base64.b64decode(user["user"]["client-certificate-data"]))


def end_of(pem: bytes) -> datetime:
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc


def is_new(end: datetime) -> bool:
    """Whether it is one of kubeadm's of today, which are valid for a year."""
    return end - datetime.now(UTC) > WHOLE_YEAR


def deploy(cluster: Deployed) -> Run:
    run = cluster.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    return run


def test_a_deploy_renews_what_has_less_than_a_month_left(api_server: Deployed) -> None:
    deploy(api_server)
    before = processes(api_server)
    assert before.keys() == PROGRAMS
    sign_anew(api_server, days=20)
    plan = api_server.underlay("plan")
    assert plan.code == 2
    assert "certificates of kubeadm: /etc/kubernetes/pki/apiserver.crt expires on " in plan.text
    assert "-> renewed, and the control plane's programs restarted" in plan.text

    run = deploy(api_server)
    assert "rollout, step 1 of 1: cp-1" in run.text
    after = processes(api_server)
    assert {name for name in PROGRAMS if before[name] == after.get(name)} == set()
    assert is_new(served(api_server))
    assert deploy(api_server).changes.startswith("none"), "the second run"
    assert processes(api_server) == after


def test_what_was_renewed_by_hand_is_read_after_a_deploy(api_server: Deployed) -> None:
    deploy(api_server)
    before = processes(api_server)
    api_server.ssh("cp-1", "sleep 3; kubeadm certs renew scheduler.conf")
    plan = api_server.underlay("plan")
    assert "control plane programs: certificates were renewed since kube-scheduler started -> restarted\n" in plan.text
    deploy(api_server)
    after = processes(api_server)
    assert {name for name in PROGRAMS if before[name] != after.get(name)} == {"kube-scheduler"}
    assert api_server.underlay("plan").code == 0


def test_certificates_that_have_ended_are_renewed_without_an_api_server(api_server: Deployed) -> None:
    deploy(api_server)
    sign_anew(api_server, days=-3)
    # What it serves with, the API server reads again by itself.
    until(lambda: served(api_server) < datetime.now(UTC), within=90)
    path = ROOT / ".underlay" / api_server.name / "kubeconfig"
    path.unlink()

    listed = api_server.underlay("certificates")
    assert listed.code == 1
    assert "cp-1: /etc/kubernetes/pki/apiserver.crt expired on " in listed.text
    refused = api_server.deploy("--data", "verify=false")
    assert refused.code == 1
    assert "underlay certificates INVENTORY --renew" in refused.text

    run = api_server.underlay("certificates", "--renew", "--yes")
    assert run.code == 0, run.end
    assert is_new(served(api_server))
    assert is_new(of_administrator(api_server))
    assert path.stat().st_mode & 0o777 == 0o600
    assert deploy(api_server).changes.startswith("none")
