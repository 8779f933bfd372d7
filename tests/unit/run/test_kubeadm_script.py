"""The shell around kubeadm: what is refused leaves no mark, what fails is undone, and the reason is kubeadm's."""

from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Thread

import pytest

from tests.unit.clusters import cluster
from tests.unit.kubeadm_ground import CNI, Ground
from tests.unit.local_host import OWNER, Result
from underlay.plan.attempt import undo
from underlay.plan.kubeadm import CONFIG
from underlay.plan.kubeadm_images import CONTROL_PLANE, image_check
from underlay.run.artifacts_named import NamedArtifacts
from underlay.run.kubeadm_script import kubeadm_script

# What kubeadm 1.37.2 prints in its checks, on a host with data in /var/lib/etcd.
REFUSES = """\
[preflight] Running pre-flight checks
[preflight] The system verification failed. Printing the output from the verification:
\x1b[0;37mKERNEL_VERSION\x1b[0m: \x1b[0;32m6.12.1\x1b[0m
\x1b[0;37mCGROUPS_DEVICES\x1b[0m: \x1b[0;32menabled\x1b[0m
[preflight] Some fatal errors occurred:
\t[ERROR DirAvailable--var-lib-etcd]: /var/lib/etcd is not empty
[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`
error execution phase preflight: preflight checks failed
To see the stack trace of this error execute with --v=5 or higher
"""


@pytest.fixture(params=["sh", "bash"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    found = Ground(tmp_path / "host", request.param)
    found.shell.places["root:root"] = OWNER
    return found


def script_of(ground: Ground, kubeadm: str, *, again: bool, queried_mark: str | None = None) -> str:
    """The script, with a program in kubeadm's place; `$r` there is the root of the host."""
    ground.shell.program_is("kubeadm", f'r={ground.root}; echo kubeadm "$@" >>$r/ran\n{kubeadm}')
    undone = undo(etcd=True, member=False, files=[CNI], links=["cni0"]) if again else ""
    return kubeadm_script(
        cluster(),
        "kubeadm init",
        {CONFIG: {"kind": "InitConfiguration"}},
        queried_mark=mark(ground) if queried_mark is None else queried_mark,
        undo=undone,
    )


def run(ground: Ground, kubeadm: str, *, again: bool = False, queried_mark: str | None = None) -> Result:
    return ground.shell.run(script_of(ground, kubeadm, again=again, queried_mark=queried_mark))


def left_at_work(ground: Ground, kubeadm: str) -> subprocess.Popen[bytes]:
    """A run of the script whose connection is gone: as sshd starts it, in a session of its own."""
    script = script_of(ground, kubeadm, again=False)
    for there, here in ground.shell.places.items():
        script = script.replace(there, here)
    environment = {"PATH": f"{ground.shell.bin}:{ground.shell.path}"}
    process = subprocess.Popen(
        [ground.shell.program, "-s"], stdin=subprocess.PIPE, env=environment, start_new_session=True
    )
    assert process.stdin
    process.stdin.write(script.encode())
    process.stdin.close()
    while not (ground.root / "waits").exists():
        assert process.poll() is None
    return process


def mark(ground: Ground) -> str:
    path = ground.root / "var/lib/underlay/member"
    return path.read_text().strip() if path.exists() else ""


def test_what_kubeadm_refuses_leaves_no_mark_and_its_reason_is_told_first(ground: Ground) -> None:
    ground.write(["/var/lib/etcd/default/member/snap/db"], "an old cluster's")
    before = ground.files()
    ran = run(ground, f"cat <<'END'\n{REFUSES}END\nexit 1")
    assert ran.rc == 1
    assert ran.stderr.splitlines() == [
        "[ERROR DirAvailable--var-lib-etcd]: /var/lib/etcd is not empty",
        "error execution phase preflight: preflight checks failed",
    ]
    assert (mark(ground), ground.files()) == ("", before)
    assert not (ground.root / CONFIG[1:]).exists()
    # Nothing was marked, so nothing is undone; and were it, nothing was there of the attempt's.
    run(ground, "exit 1", again=True)
    assert ground.files() == before


FAILS = """\
case "$*" in
  *" phase preflight "*) [ -z "$(ls -A $r/var/lib/etcd 2>/dev/null)" ] && [ ! -e $r/etc/kubernetes/admin.conf ];;
  *) mkdir -p $r/var/lib/etcd/member $r/etc/kubernetes/pki; touch $r/var/lib/etcd/member/db $r/etc/kubernetes/admin.conf
     [ -e $r/etc/kubernetes/pki/ca.key ] || echo new >$r/etc/kubernetes/pki/ca.key
     echo '[certs] Generating "ca" certificate and key'
     echo 'error execution phase wait-control-plane: failed while waiting for the control plane to start'
     exit 1;;
esac
"""


def test_a_failed_attempt_is_undone_and_made_again_beside_what_the_operator_brought(ground: Ground) -> None:
    ground.write(["/etc/kubernetes/pki/ca.key"], "the operator's")
    first = run(ground, FAILS)
    assert (
        first.stderr
        == "error execution phase wait-control-plane: failed while waiting for the control plane to start\n"
    )
    assert mark(ground) == "started ordinary 192.0.2.1:6443"
    again = run(ground, FAILS, again=True)
    # As far as the first: the checks of kubeadm found the host as it was.
    assert again.stderr == first.stderr
    assert ground.files()["/etc/kubernetes/pki/ca.key"] == "the operator's"
    last = run(ground, "exit 0", again=True)
    assert (last.rc, mark(ground)) == (0, "member ordinary 192.0.2.1:6443")
    assert ground.files() == {"/etc/kubernetes/pki/ca.key": "the operator's"}
    assert [p.name for p in (ground.root / "var/lib/underlay").iterdir()] == ["member"]


def test_pods_that_are_slow_to_end_are_ended_again(ground: Ground) -> None:
    run(ground, FAILS)
    # What kubeadm has not ended within its two seconds is there still.
    ground.shell.program_is(
        "ctr", f"echo asked >>{ground.root}/asked; [ $(grep -c . {ground.root}/asked) -gt 2 ] || echo pod"
    )
    ground.shell.program_is("unshare", f"cat >/dev/null; echo ended >>{ground.root}/ended")
    assert run(ground, "exit 0", again=True).rc == 0
    assert (ground.root / "ended").read_text() == "ended\n" * 3
    assert mark(ground) == "member ordinary 192.0.2.1:6443"


def test_pods_whose_plugin_answers_nobody_end_by_one_that_asks_nobody(ground: Ground) -> None:
    run(ground, FAILS)
    ground.write([CNI], "{}")
    plugins = (ground.root / CNI[1:]).parent
    # containerd uses the first configuration by name, and keeps a pod that its plugin refuses to take off the network.
    ground.shell.program_is("ctr", f"[ -e {ground.root}/ended ] || echo pod")
    ground.shell.program_is(
        "unshare",
        f"cat >/dev/null; ! grep -q loopback $(ls {plugins}/*.conflist | head -n 1) || touch {ground.root}/ended",
    )
    assert run(ground, "exit 0", again=True).rc == 0
    assert (ground.root / "ended").exists()
    assert [p.name for p in plugins.iterdir() if "underlay" in p.name] == []


def test_an_attempt_whose_pods_do_not_end_stays_one_to_be_undone(ground: Ground) -> None:
    run(ground, FAILS)
    ground.shell.program_is("ctr", "echo pod")
    ran = run(ground, "exit 0", again=True)
    assert (ran.rc, mark(ground)) == (1, "started ordinary 192.0.2.1:6443")
    assert ran.stderr == "pods of the last attempt do not end (`ctr -n k8s.io tasks ls`); run again\n"
    ground.shell.program_is("ctr", ":")
    assert run(ground, "exit 0", again=True).rc == 0


def test_without_a_line_that_says_so_the_end_of_the_log_is_the_reason(ground: Ground) -> None:
    ran = run(ground, "printf 'I1130 noise\\n\\n\\033[0;31msomething\\033[0m\\0 else\\n'; exit 2")
    assert ran.stderr == "something\0 else\n"


def test_kubeadm_resets_nothing(ground: Ground) -> None:
    run(ground, FAILS)
    run(ground, FAILS, again=True)
    assert "kubeadm reset" not in (ground.root / "ran").read_text()


def test_what_a_killed_run_left_at_work_is_ended_before_it_is_undone(ground: Ground) -> None:
    left = left_at_work(ground, FAILS.replace("exit 1;;", "echo waiting >$r/waits; sleep 1000;;"))
    reaper = Thread(target=left.wait)
    reaper.start()
    assert run(ground, FAILS, again=True).rc == 1
    reaper.join()
    assert left.returncode != 0
    assert run(ground, "exit 0", again=True).rc == 0


def test_what_a_killed_run_completed_after_the_query_is_left_as_it_is(ground: Ground) -> None:
    run(ground, FAILS)
    ground.write(["/var/lib/underlay/member"], "member ordinary 192.0.2.1:6443\n")
    before = ground.files()
    ran = run(ground, "exit 1", again=True, queried_mark="started ordinary 192.0.2.1:6443")
    assert (ran.rc, ground.files()) == (0, before)
    ran = run(ground, "exit 1", again=True, queried_mark="started other 192.0.2.9:6443")
    assert (ran.rc, ground.files()) == (0, before)
    ground.write(["/var/lib/underlay/member"], "started other 192.0.2.9:6443\n")
    ran = run(ground, "exit 1", again=True, queried_mark="started ordinary 192.0.2.1:6443")
    assert "the host has changed since it was queried (started other 192.0.2.9:6443); run again" in ran.stderr
    assert (ran.rc, ground.files()) == (1, before)


def test_the_log_is_the_roots_alone_and_holds_no_token(ground: Ground) -> None:
    log = ground.root / "var/log/underlay-kubeadm.log"
    log.write_text("of an older run: kubeadm join --token abcdef.0123456789abcdef\n")
    log.chmod(0o644)
    # As kubeadm 1.37.2 does (cmd/phases/init/bootstraptoken.go and showjoincommand.go).
    tells = """\
case "$*" in
  *' phase preflight '*) ;;
  *--skip-token-print*) echo 'kubeadm join 192.0.2.1:6443 --token <value withheld>';;
  *) echo 'kubeadm join 192.0.2.1:6443 --token fedcba.0123456789abcdef';;
esac"""
    assert run(ground, tells).rc == 0
    assert (log.stat().st_mode & 0o777, log.read_text()) == (
        0o600,
        "kubeadm join 192.0.2.1:6443 --token <value withheld>\n",
    )


# What kubeadm 1.36.4 prints: `kubeadm config images list --kubernetes-version v1.36.4`.
LISTS = """\
registry.k8s.io/kube-apiserver:v1.36.4
registry.k8s.io/kube-controller-manager:v1.36.4
registry.k8s.io/kube-scheduler:v1.36.4
registry.k8s.io/kube-proxy:v1.36.4
registry.k8s.io/coredns/coredns:v1.14.2
registry.k8s.io/pause:3.10.2
registry.k8s.io/etcd:3.6.8-0
"""


def images_checked(ground: Ground, kubeadm: str, *references: str) -> Result:
    ground.shell.program_is("kubeadm", kubeadm)
    return ground.shell.run(f"set -eu\n{image_check('v1.36.4', references)}\necho begun")


def test_a_kubeadm_that_deploys_what_is_installed_begins(ground: Ground) -> None:
    listing = f"""[ "$*" = "config images list --kubernetes-version v1.36.4" ] && cat <<'END'\n{LISTS}END"""
    artifacts = NamedArtifacts(kubernetes_version="v1.36.4")
    ran = images_checked(ground, listing, *(artifacts.reference(name) for name in CONTROL_PLANE))
    assert (ran.rc, ran.stdout, ran.stderr) == (0, "begun\n", "")


def test_a_kubeadm_that_deploys_another_image_does_not(ground: Ground) -> None:
    ran = images_checked(
        ground, f"cat <<'END'\n{LISTS}END", "registry.k8s.io/pause:3.10.2", "registry.k8s.io/etcd:3.7.0-0"
    )
    assert (ran.rc, ran.stdout) == (1, "")
    assert ran.stderr == (
        "kubeadm v1.36.4 deploys registry.k8s.io/etcd:3.6.8-0, and this host has registry.k8s.io/etcd:3.7.0-0; "
        "take a Kubernetes release whose images are known, and report this one\n"
    )


def test_a_kubeadm_that_names_no_images_does_not_begin(ground: Ground) -> None:
    ran = images_checked(ground, "echo 'unknown command' >&2; exit 1", "registry.k8s.io/pause:3.10.2")
    assert (ran.rc, ran.stderr) == (1, "kubeadm config images list: unknown command\n")


def test_what_decides_whether_to_begin_comes_before_any_mark(ground: Ground) -> None:
    script = kubeadm_script(cluster(), "kubeadm init", {}, queried_mark="", undo="", before="echo no >&2; exit 1")
    ran = ground.shell.run(script)
    assert (ran.rc, ran.stderr, mark(ground)) == (1, "no\n", "")


@pytest.mark.parametrize(
    ("kubernetes", "etcd", "coredns", "pause"),
    [
        # cmd/kubeadm/app/constants/constants.go of v1.35.8, v1.36.4 and v1.37.2
        ("v1.35.8", "3.6.6-0", "v1.13.1", "3.10.1"),
        ("v1.35.0", "3.6.6-0", "v1.13.1", "3.10.1"),
        ("v1.36.4", "3.6.8-0", "v1.14.2", "3.10.2"),
        ("v1.37.2", "3.7.0-0", "v1.14.6", "3.10.2"),
    ],
)
def test_each_minor_has_its_own_etcd_coredns_and_pause(kubernetes: str, etcd: str, coredns: str, pause: str) -> None:
    artifacts = NamedArtifacts(kubernetes_version=kubernetes)
    assert [artifacts.reference(name) for name in CONTROL_PLANE] == [
        f"registry.k8s.io/kube-apiserver:{kubernetes}",
        f"registry.k8s.io/kube-controller-manager:{kubernetes}",
        f"registry.k8s.io/kube-scheduler:{kubernetes}",
        f"registry.k8s.io/etcd:{etcd}",
        f"registry.k8s.io/coredns/coredns:{coredns}",
        f"registry.k8s.io/pause:{pause}",
    ]
