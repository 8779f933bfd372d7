"""A user's key, the request for its certificate, and the kubeconfig."""

from __future__ import annotations

import base64
import datetime
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.clusters import cluster
from tests.unit.local_host import Shell
from underlay.plan.user_access import kubeconfig, name_problems, signing_script, user_key, valid_until

# What kubectl prints of a request that was signed, and of one that the signer refuses.
SIGNED = 'case "$*" in *status.certificate*) printf SIGNED;; esac'
REFUSED = 'case "$*" in *Failed*) printf "subject organization is not allowed";; esac'


@pytest.mark.parametrize(
    ("user", "groups", "problem"),
    [
        ("alice", (), ""),
        ("alice@corp.example", ("kubeadm:cluster-admins",), ""),
        ("", (), "--user: '' is no name"),
        ("a\nb", (), "--user: 'a\\nb' is no name"),
        ("a" * 65, (), "is no name; give one of 1 to 64"),
        ("alice", (" ",), "--group: ' ' is no name"),
        ("system:admin", (), "--user: system:admin is a name of Kubernetes' own"),
        ("alice", ("system:masters",), "give kubeadm:cluster-admins"),
    ],
)
def test_who_can_have_a_certificate(user: str, groups: tuple[str, ...], problem: str) -> None:
    found = name_problems(user, groups)
    assert (not found) if not problem else problem in "; ".join(found)


def test_a_request_names_the_user_and_the_groups() -> None:
    request = x509.load_pem_x509_csr(user_key("alice", ["dev", "ops"]).request.encode())
    assert request.is_signature_valid
    assert [a.value for a in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["alice"]
    assert [a.value for a in request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["dev", "ops"]


def test_every_user_has_a_key_of_its_own() -> None:
    assert user_key("alice", []).private != user_key("alice", []).private


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Shell:
    (tmp_path / "ca.crt").write_text("CA")
    shell.places = {"/etc/kubernetes/pki/ca.crt": f"{tmp_path}/ca.crt"}
    return shell


def kubectl(host: Shell, tmp_path: Path, get: str) -> None:
    host.program_is(
        "kubectl",
        f'echo "$*" >>{tmp_path}/said; case " $* " in *" create "*) cat >{tmp_path}/sent;; *" get "*) {get};; esac',
    )


def test_a_request_is_signed_and_deleted(host: Shell, tmp_path: Path) -> None:
    kubectl(host, tmp_path, SIGNED)
    ran = host.run(signing_script("underlay-1", "REQUEST", days=2))
    assert (ran.rc, ran.stdout, ran.stderr) == (0, "Q0E=\nSIGNED\n", "")
    spec = json.loads((tmp_path / "sent").read_text())["spec"]
    assert spec["signerName"] == "kubernetes.io/kube-apiserver-client"
    assert (spec["expirationSeconds"], spec["usages"]) == (172800, ["client auth"])
    assert base64.b64decode(spec["request"]) == b"REQUEST"
    said = (tmp_path / "said").read_text().splitlines()
    assert said[1].endswith("certificate approve underlay-1")
    assert said[-1].endswith("delete csr underlay-1 --ignore-not-found")


def test_a_request_that_the_signer_refuses_is_deleted_too(host: Shell, tmp_path: Path) -> None:
    kubectl(host, tmp_path, REFUSED)
    ran = host.run(signing_script("underlay-1", "REQUEST", days=2))
    assert (ran.rc, ran.stdout) == (1, "")
    assert ran.stderr == "the signer refuses it: subject organization is not allowed\n"
    assert "delete csr underlay-1" in (tmp_path / "said").read_text()


def test_a_kubeconfig_names_the_endpoint_and_holds_key_and_certificate() -> None:
    key = user_key("alice", [])
    document = kubeconfig(cluster(), "alice", key, ca="Q0E=", certificate="Q0VSVA==")
    (server,) = document["clusters"]
    assert server["cluster"]["server"] == f"https://{cluster().control_plane_endpoint}"
    (user,) = document["users"]
    assert user["user"]["client-certificate-data"] == "Q0VSVA=="
    private = serialization.load_pem_private_key(base64.b64decode(user["user"]["client-key-data"]), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert document["current-context"] == f"alice@{cluster().name}"


def test_until_when_a_certificate_is_valid() -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
    ends = datetime.datetime(2027, 1, 2, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - datetime.timedelta(days=1))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    assert valid_until(base64.b64encode(pem).decode()) == ends
