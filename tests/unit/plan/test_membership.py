"""Whether a host is a member is what its kubelet's configuration and the cluster's list of nodes say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.clusters import cluster
from tests.unit.kubeadm_ground import Ground
from underlay.plan import answer_forms, membership
from underlay.plan.membership import Standing, is_unmanaged, listed_nodes, standing
from underlay.plan.probe import Probe
from underlay.resources.answer import Absent, Answer, Answered, Unknown

CA, OTHER_CA = "94f8a8de0e8b076a", "0000000000000000"
MARK = "member ordinary 192.0.2.1:6443"
LISTED = "cp-1|192.0.2.1|True|10.244.0.0/24;w-1|192.0.2.2|True|10.244.1.0/24;"
SILENT = Unknown("kubectl: The connection to the server 192.0.2.1:6443 was refused")


def said(**lines: str | Answer) -> dict[str, Answer]:
    """What a host answers; nothing of Kubernetes is there but what a test states."""
    found: dict[str, Answer] = dict.fromkeys(("member", "kubelet", "recorded", "nodes"), Absent())
    return found | {name: Answered(line) if isinstance(line, str) else line for name, line in lines.items()}


def kubelet(name: str, ca: str = CA) -> str:
    return f"https://192.0.2.1:6443 {ca} {name}"


FIRST = said(member=MARK, kubelet=kubelet("cp-1"), nodes=LISTED)
FRESH = said()

CASES = [
    pytest.param("w-1", FRESH, FRESH, Standing.ABSENT, id="a fresh host"),
    pytest.param("w-1", said(member=MARK, kubelet=kubelet("w-1")), FIRST, Standing.MEMBER, id="a member"),
    pytest.param("w-1", said(kubelet=kubelet("w-1")), FIRST, Standing.MEMBER, id="a member whose mark is lost"),
    pytest.param("w-1", said(member="member ordinary old:6443", kubelet=kubelet("w-1")), FIRST, Standing.MEMBER, id="whatever endpoint its mark names"),
    pytest.param("w-1", said(member=MARK), FIRST, Standing.ABSENT, id="reset by hand"),
    pytest.param("w-1", said(member="member other 198.51.100.1:6443"), FIRST, Standing.ABSENT, id="left another cluster"),
    pytest.param("w-2", said(member=MARK, kubelet=kubelet("w-2")), FIRST, Standing.UNLISTED, id="its node was deleted"),
    pytest.param("w-2", said(member=MARK, kubelet=kubelet("w-9")), FIRST, Standing.FOREIGN, id="has joined under another name"),
    pytest.param("w-1", said(member=MARK, kubelet=kubelet("w-1", OTHER_CA)), FIRST, Standing.FOREIGN, id="another CA"),
    pytest.param("w-1", said(member=MARK, kubelet=kubelet("w-1")), FRESH, Standing.FOREIGN, id="the first host was reset"),
    pytest.param("w-1", said(member="started other 1:1", kubelet=kubelet("w-1")), FIRST, Standing.STARTED, id="an attempt of ours, of any cluster"),
    pytest.param("w-1", said(member=MARK, kubelet=kubelet("w-1")), FIRST | {"nodes": SILENT}, Standing.UNKNOWN, id="the API does not answer"),
    pytest.param("w-1", said(member=MARK, kubelet=Unknown("x")), FIRST, Standing.UNKNOWN, id="the host does not answer"),
    pytest.param("w-1", said(member=MARK), FIRST | {"kubelet": Unknown("x")}, Standing.UNKNOWN, id="the first host does not answer"),
    pytest.param("cp-1", FIRST, FIRST, Standing.MEMBER, id="the first host"),
    pytest.param("cp-1", FIRST | {"nodes": "w-1|192.0.2.2|True|;"}, FIRST | {"nodes": Answered("w-1|192.0.2.2|True|;")}, Standing.UNLISTED, id="the first host's node was deleted"),
    pytest.param("cp-1", said(member=MARK), said(member=MARK), Standing.ABSENT, id="the first host was reset by hand"),
    pytest.param("cp-1", said(kubelet=kubelet("cp-1"), nodes=LISTED), said(kubelet=kubelet("cp-1"), nodes=LISTED), Standing.FOREIGN, id="a cluster that is not ours"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "own", "first", "expected"), CASES)
def test_a_host_stands_as_it_and_the_cluster_say(
    name: str, own: dict[str, Answer], first: dict[str, Answer], expected: Standing
) -> None:
    assert standing(cluster(), cluster().node(name), own, first) is expected


def test_a_cluster_that_carries_our_record_is_ours_without_a_mark() -> None:
    first = said(kubelet=kubelet("cp-1"), nodes=LISTED, recorded="ConfigMap {};;Path 1500;;")
    assert standing(cluster(), cluster().first, first, first) is Standing.MEMBER
    assert not is_unmanaged(cluster(), cluster().first, first, first)


def _any(*lines: str) -> st.SearchStrategy[Answer]:
    return st.sampled_from([Absent(), SILENT, *map(Answered, lines)])


ANY = st.fixed_dictionaries(
    {
        "member": _any(MARK, "started ordinary 192.0.2.1:6443", "member other 198.51.100.1:6443"),
        "kubelet": _any(kubelet("w-1"), kubelet("w-1", OTHER_CA), kubelet("w-9")),
        "recorded": _any("ConfigMap {};;"),
        "nodes": _any(LISTED, "cp-1|192.0.2.1|True|;"),
    }
)


@given(own=ANY, first=ANY)
def test_what_is_unknown_is_neither_absent_nor_to_be_undone(own: dict[str, Answer], first: dict[str, Answer]) -> None:
    found = standing(cluster(), cluster().node("w-1"), own, first)
    if isinstance(own["member"], Unknown) or isinstance(own["kubelet"], Unknown):
        assert found is Standing.UNKNOWN
    if found is Standing.ABSENT:
        assert own["kubelet"] == Absent()
    if found is Standing.UNLISTED:
        assert isinstance(first["nodes"], Answered | Absent)
    if found is Standing.STARTED:
        assert own["member"] == Answered("started ordinary 192.0.2.1:6443")


def test_the_list_of_nodes_is_read() -> None:
    found = listed_nodes(said(nodes="cp-1|192.0.2.1 2001:db8::1|True|10.244.0.0/24 fd00::/64;w-1||Unknown|;"))
    assert found["cp-1"].addresses == ("192.0.2.1", "2001:db8::1")
    assert (found["cp-1"].is_ready, found["w-1"].is_ready) == (True, False)
    assert found["cp-1"].pod_subnets == ("10.244.0.0/24", "fd00::/64")


# What kubeadm 1.37.2 writes on a control-plane host, and the kubelet on a worker.
CONFIG = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: eAo=
    server: https://192.0.2.1:6443
  name: default-cluster
"""
BY_FILE = CONFIG.replace("certificate-authority-data: eAo=", "certificate-authority: pki/ca.crt")


@pytest.mark.parametrize("program", ["sh", "bash"])
@pytest.mark.parametrize("text", [CONFIG, BY_FILE])
def test_a_kubelets_configuration_is_asked_for(program: str, text: str, tmp_path: Path) -> None:
    ground = Ground(tmp_path / "host", program)
    ground.shell.program_is("hostname", "echo W-1")
    probe = Probe("kubelet", "u_kubelet", "it", answer_forms.kubelet, membership.KUBELET, may_lack=True)

    def said_of_kubelet() -> Answer:
        return probe.read(ground.shell.ask(probe)[0])

    assert said_of_kubelet() == Absent()
    ground.write(["/etc/kubernetes/pki/ca.crt"], "x\n")
    ground.write(["/etc/kubernetes/kubelet.conf"], text)
    digest = "73cb3858a687a849"  # printf 'x\n' | sha256sum
    assert said_of_kubelet() == Answered(f"https://192.0.2.1:6443 {digest} w-1")
    ground.write(
        ["/var/lib/kubelet/kubeadm-flags.env"], 'KUBELET_KUBEADM_ARGS="--hostname-override=w-7 --node-ip=192.0.2.2"\n'
    )
    assert said_of_kubelet() == Answered(f"https://192.0.2.1:6443 {digest} w-7")
    ground.write(["/etc/kubernetes/kubelet.conf"], "")
    assert isinstance(said_of_kubelet(), Answered)
