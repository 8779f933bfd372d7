"""What a host gets of a backup, and the shell that makes an etcd of it."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.unit.clusters import node
from tests.unit.local_host import Shell
from underlay.backup.restore import PLACED, SEED, begin_script, end_script, place_script, seed
from underlay.model.node import Role

from .test_archive import BACKUP

DATA = seed(BACKUP)
FIRST = node("cp-1", 1, role=Role.CONTROL_PLANE)
ETCD = "registry.k8s.io/etcd:3.7.0-0"


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Path:
    for there in ("/var/lib/underlay", "/var/lib/etcd", "/etc/kubernetes"):
        shell.places[there] = f"{tmp_path}{there}"
        (tmp_path / there.strip("/")).mkdir(parents=True)
    return tmp_path


def placed(shell: Shell, data: bytes) -> int:
    """The status of the script, which finds the archive on its standard input."""
    file = shell.bin / "data"
    file.write_bytes(data)
    return shell.run(f"exec <{file}\n{place_script(DATA)}", stdin=False).rc


def test_the_host_gets_authorities_and_etcd_and_nothing_else_private(shell: Shell, host: Path) -> None:
    assert placed(shell, DATA) == 0
    there = host / SEED.strip("/")
    found = {str(p.relative_to(there)): p.stat().st_mode & 0o777 for p in there.rglob("*") if p.is_file()}
    assert found == {
        "etcd.db": 0o600,
        "pki/ca.crt": 0o644,
        "pki/ca.key": 0o600,
        "pki/sa.key": 0o600,
        "pki/sa.pub": 0o644,
        "sha256": 0o600,
    }
    assert there.stat().st_mode & 0o777 == 0o700
    assert shell.run(end_script()).rc == 0
    assert not there.exists()


def test_a_restore_that_is_run_again_is_as_old_as_the_first(shell: Shell, host: Path) -> None:
    # Pods have to be younger than a restore, and kubeadm goes on when a run is killed.
    assert placed(shell, DATA) == 0
    there = host / PLACED.strip("/")
    os.utime(there, (1, 1))
    assert placed(shell, DATA) == 0
    assert there.stat().st_mtime == 1
    there.write_text("another\n")
    assert placed(shell, DATA) == 0
    assert there.stat().st_mtime > 1


def test_what_is_cut_short_is_not_kept(shell: Shell, host: Path) -> None:
    assert placed(shell, DATA[:-10]) == 1
    assert [*(host / "var/lib/underlay").iterdir()] == []


def test_etcd_begins_with_one_member_and_newer_revisions(shell: Shell, host: Path) -> None:
    placed(shell, DATA)
    there = host / SEED.strip("/")
    # What ctr is called with, and what etcdutl leaves.
    shell.program_is(
        "ctr",
        f'printf "%s\\n" "$*" >>{host}/called; case $3 in run) mkdir -p {there}/data/member; echo wal >{there}/data/member/wal;; esac',
    )
    assert shell.run(f"set -eu\n{begin_script(FIRST, etcd=ETCD)}\n").rc == 0
    *_, called = (host / "called").read_text().splitlines()
    # https://etcd.io/docs/v3.6/op-guide/recovery/#restoring-with-revision-bump
    assert called == (
        f"-n k8s.io run --rm --mount type=bind,src={there},dst=/seed,options=rbind:rw {ETCD} underlay-etcd-restore "
        "/usr/local/bin/etcdutl snapshot restore /seed/etcd.db --data-dir /seed/data --name cp-1 --initial-cluster "
        "cp-1=https://192.0.2.1:2380 --initial-advertise-peer-urls https://192.0.2.1:2380 --bump-revision 1000000000 "
        "--mark-compacted"
    )
    assert (host / "var/lib/etcd/member/wal").read_text() == "wal\n"
    assert (host / "etc/kubernetes/pki/ca.key").stat().st_mode & 0o777 == 0o600
    assert not (there / "data").exists()


def test_an_etcd_that_cannot_be_made_is_told(shell: Shell, host: Path) -> None:
    placed(shell, DATA)
    shell.program_is(
        "ctr", "case $3 in run) echo 'Error: snapshot missing hash but --skip-hash-check=false'; exit 1;; esac"
    )
    ran = shell.run(f"set -eu\n{begin_script(FIRST, etcd=ETCD)}\n")
    assert (ran.rc, ran.stderr) == (1, "Error: snapshot missing hash but --skip-hash-check=false\n")
    shutil.rmtree(host / SEED.strip("/"))
    ran = shell.run(f"set -eu\n{begin_script(FIRST, etcd=ETCD)}\n")
    assert ran.rc == 1
    assert ran.stderr.endswith("/restore is missing; run underlay restore again\n")


def test_an_ipv6_address_has_brackets() -> None:
    script = begin_script(replace(FIRST, address=ip_address("2001:db8::1")), etcd=ETCD)
    assert "--initial-advertise-peer-urls 'https://[2001:db8::1]:2380'" in script


def test_every_member_of_the_archive_is_below_its_folder() -> None:
    with tarfile.open(fileobj=io.BytesIO(DATA)) as archive:
        assert {name.split("/")[0] for name in archive.getnames()} == {"etcd.db", "pki"}
