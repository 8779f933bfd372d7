"""A user's kubeconfig: signed by the cluster, private, and worth what access rules say."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from underlay.artifacts.bundle_source import bundled_program

from .deployed import Deployed

pytestmark = [pytest.mark.lab]


def as_user(kubeconfig: Path, *arguments: str) -> tuple[int, str]:
    """Exit status and output of kubectl with a user's kubeconfig."""
    command = [str(bundled_program("kubectl")), f"--kubeconfig={kubeconfig}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_user_may_do_what_access_rules_say(api_server: Deployed, tmp_path: Path) -> None:
    path = tmp_path / "alice"
    run = api_server.underlay(
        "kubeconfig", "--user", "alice", "--group", "developers", "--days", "1", "--to", str(path)
    )
    assert run.code == 0, run.end
    assert "alice of api, valid until " in run.text
    assert path.stat().st_mode & 0o777 == 0o600
    key = yaml.safe_load(path.read_text())["users"][0]["user"]["client-key-data"]
    assert key not in run.text
    # The kubelet's own stays for an hour.
    assert "underlay" not in api_server.kubectl("get", "csr", "-o", "name")

    code, said = as_user(path, "auth", "whoami", "-o", "json")
    assert code == 0, said
    user = json.loads(said)["status"]["userInfo"]
    assert (user["username"], "developers" in user["groups"]) == ("alice", True)
    code, said = as_user(path, "get", "pods")
    assert code == 1
    assert "(Forbidden)" in said
    api_server.kubectl("create", "rolebinding", "of-alice", "--clusterrole=view", "--user=alice")
    code, said = as_user(path, "get", "pods")
    api_server.kubectl("delete", "rolebinding", "of-alice")
    assert (code, said) == (0, "No resources found in default namespace.\n")


def test_what_cannot_be_signed_is_refused_and_nothing_written(api_server: Deployed, tmp_path: Path) -> None:
    path = tmp_path / "eve"
    run = api_server.underlay("kubeconfig", "--user", "eve", "--group", "system:masters", "--to", str(path))
    assert run.code == 1
    assert "give kubeadm:cluster-admins" in run.text
    assert not path.exists()
    path.write_text("mine")
    run = api_server.underlay("kubeconfig", "--user", "eve", "--to", str(path))
    assert run.code == 1
    assert f"--to: {path} exists" in run.text
    assert path.read_text() == "mine"


def test_certificates_are_listed_and_one_that_ends_soon_is_told(api_server: Deployed) -> None:
    run = api_server.underlay("certificates")
    assert run.code == 0, run.text
    files = [line.split()[-1] for line in run.text.splitlines()]
    assert {"/etc/kubernetes/pki/apiserver.crt", "/etc/kubernetes/admin.conf", "/etc/kubernetes/pki/ca.crt"} <= {*files}
    assert files.index("/etc/kubernetes/pki/apiserver.crt") < files.index("/etc/kubernetes/pki/ca.crt")
    # Valid since a year, for another week.
    soon = "/etc/kubernetes/pki/soon.crt"
    validity = (
        "-not_before $(date -u -d '-1 year' +%y%m%d%H%M%SZ) -not_after $(date -u -d '+7 days 1 hour' +%y%m%d%H%M%SZ)"
    )
    new = "openssl req -x509 -newkey ed25519 -noenc -keyout /dev/null -subj /CN=soon"
    api_server.ssh("cp-1", f"{new} {validity} -out {soon}")
    try:
        run = api_server.underlay("certificates")
    finally:
        api_server.ssh("cp-1", f"rm {soon}")
    assert run.code == 1
    assert f"underlay: cp-1: {soon} expires on " in run.text
    assert ", in 7 days" in run.text
