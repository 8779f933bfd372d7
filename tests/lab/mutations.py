"""What is broken in a healthy cluster, one thing at a time, and which checks have to fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from underlay.model.footprint import Traces
from underlay.networks.registry import modes

Steps = tuple[tuple[str, str], ...]

# Areas of the report, by their beginnings.
HOST, CLUSTER, BGP = "Host state", "Cluster: ", "BGP: Established"
MODE, OTHER_MODE = "The mode's own links and routes", "No link, route or configuration of another mode"
STARTS = "Pods start on every node"
BODY, SOURCE, UDP, PACKET = (
    "Pod to pod, 10 MB",
    "Pod to pod, the source",
    "Pod to pod, small",
    "Pod to pod, the largest",
)
WIRE, FROM_NODE = "On the wire", "Node to pod"
PROXY = "kube-proxy runs"
CLUSTER_IP = "A Service's ClusterIP"
NODE_PORT, LOCAL = "A NodePort answers", "With externalTrafficPolicy"
SERVICES = (CLUSTER_IP, NODE_PORT, LOCAL, "A pod reaches itself", "With session affinity", "A Service whose last")
DNS = (
    "A pod resolves",
    "A headless",
    "A named port",
    "A response that",
    "The whole response",
    "A Service of type Ext",
    "Names",
)
UNREACHED = (BODY, SOURCE, UDP, PACKET, WIRE, FROM_NODE, "A pod's hostPort", *SERVICES, *DNS)


@dataclass(frozen=True)
class Mutation:
    """`steps` and `undo` are (host, shell); all areas of `caught` have to fail, those of `also` may, no other.

    `anew`: only what is made afterwards is broken, so that verification has to start its own pods and Services.
    """

    name: str
    steps: Steps
    undo: Steps
    caught: tuple[str, ...]
    also: tuple[str, ...] = ()
    anew: bool = False


def on(host: str, *commands: str) -> Steps:
    return tuple((host, command) for command in commands)


def rules(hook: str, rule: str, *, kind: str = "filter", family: str = "ip") -> tuple[str, str]:
    """A packet filter's table with one rule, and what takes it away."""
    table = f"{family} mutation"
    chain = f"chain {table} c {{ type {kind} hook {hook} priority {90 if kind == 'nat' else -300} ; }}"
    return f"nft 'add table {table}; add {chain}; add rule {table} c {rule}'", f"nft delete table {table}"


def filtered(
    name: str, host: str, hook: str, rule: str, *caught: str, also: tuple[str, ...] = (), **more: str
) -> Mutation:
    """:param more: what `rules` may be told beside."""
    make, undo = rules(hook, rule, **more)
    return Mutation(name, on(host, make), on(host, undo), caught, also)


def mutations(mode: str, *, link: str, port: int, pods: str) -> list[Mutation]:
    """For a mode whose overlay is `link` and travels by UDP to `port`; `pods` is the pod subnet."""
    stale, configuration = (next(_of_others(mode, what)) for what in ("links", "files"))
    kubectl = "kubectl --kubeconfig /etc/kubernetes/admin.conf"
    beyond, undo = rules("forward", f"ip daddr != {pods} udp dport 53 drop")
    unknown = '{"cniVersion": "1.0.0", "name": "other", "plugins": [{"type": "no-such-plugin"}]}'
    return [
        Mutation("wrong MTU on one node", on("w-2", f"ip link set {link} mtu 1400"),
                 on("w-2", f"ip link set {link} mtu 1450"), (MODE, PACKET)),
        filtered("the overlay's port dropped one way", "w-2", "input", f"udp dport {port} drop", BODY, also=UNREACHED),
        filtered("large packets dropped silently", "w-2", "input", f"udp dport {port} ip length gt 1300 drop",
                 BODY, PACKET, also=UNREACHED),
        Mutation("a route withdrawn",
                 on("w-2", f"ip route show dev {link} | head -n 1 >/run/mutation",
                    f"ip route del $(cut -d' ' -f1 /run/mutation) dev {link}"),
                 on("w-2", f"ip route add $(cat /run/mutation) dev {link}"), (MODE, BODY), UNREACHED),
        Mutation("an ip rule that diverts pod traffic",
                 on("w-2", "ip route add blackhole default table 77",
                    f"ip rule add to {pods} iif cni0 lookup 77 prio 50"),
                 on("w-2", "ip rule del prio 50; ip route flush table 77"), (BODY,), UNREACHED),
        filtered("NAT hides pod addresses", "w-1", "postrouting", f"ip saddr {pods} ip daddr {pods} masquerade",
                 SOURCE, UDP, also=(MODE,), kind="nat"),
        filtered("UDP between pods dropped", "w-1", "forward", "udp dport 8081 drop", UDP, also=(CLUSTER_IP,)),
        Mutation("kube-proxy stopped on one node", on("w-1", "pkill -STOP -x kube-proxy"),
                 on("w-1", "pkill -CONT -x kube-proxy"), (PROXY, CLUSTER_IP), (*SERVICES, "A pod resolves"), anew=True),
        filtered("NodePorts blocked on one node", "w-1", "prerouting",
                 "tcp flags syn / syn,ack tcp dport 30000-32767 drop", NODE_PORT, also=(LOCAL,)),
        Mutation("CoreDNS scaled to 0",
                 on("cp-1", f"{kubectl} scale -n kube-system deployment/coredns --replicas=0",
                    # It answers until it has ended.
                    f"{kubectl} wait -n kube-system pod -l k8s-app=kube-dns --for=delete --timeout=240s"),
                 on("cp-1", f"{kubectl} scale -n kube-system deployment/coredns --replicas=2",
                    f"{kubectl} rollout status -n kube-system deployment/coredns --timeout=240s"),
                 (f"{CLUSTER}DNS and every", "A pod resolves"), DNS),
        filtered("DNS over TCP dropped", "w-1", "prerouting", "tcp dport 53 drop", "The whole response"),
        Mutation("DNS to the outside dropped", (*_on_all(beyond), *on("cp-1", "sleep 6")), _on_all(undo), ("Names",)),
        Mutation("stale link and route of another mode",
                 on("w-2", f"ip link add {stale} type vxlan id 99 dstport 4799 local 192.0.2.1",
                    f"ip link set {stale} up; ip route add 10.244.99.0/24 dev {stale}"),
                 on("w-2", f"ip link del {stale}"), (OTHER_MODE,)),
        Mutation("CNI configuration of another mode", on("w-1", f"echo '{unknown}' >{configuration}"),
                 on("w-1", f"rm {configuration}"), (OTHER_MODE, STARTS), anew=True),
        Mutation("a sysctl changed back", on("w-2", "sysctl -qw net.bridge.bridge-nf-call-iptables=0"),
                 on("w-2", "sysctl -qw net.bridge.bridge-nf-call-iptables=1"), (HOST,), (*SERVICES, *DNS)),
        Mutation("a module list file deleted", on("w-2", "mv /etc/modules-load.d/underlay*.conf /run/"),
                 on("w-2", "mv /run/underlay*.conf /etc/modules-load.d/"), (HOST,)),
        Mutation("a unit disabled", on("w-1", "systemctl disable kubelet"), on("w-1", "systemctl enable kubelet"),
                 (HOST,)),
        Mutation("a certificate near its end", on("cp-1", *_short_lived("/etc/kubernetes/pki/front-proxy-client.crt")),
                 on("cp-1", "mv /run/mutation.crt /etc/kubernetes/pki/front-proxy-client.crt"),
                 (f"{CLUSTER}certificates", HOST)),
        Mutation("a certificate signing request left pending", on("cp-1", _request(kubectl)),
                 on("cp-1", f"{kubectl} delete csr mutation"), (f"{CLUSTER}no certificate signing request",)),
    ]  # fmt: skip


def _on_all(command: str) -> Steps:
    return tuple((host, command) for host in ("cp-1", "w-1", "w-2"))


def _of_others(mode: str, what: str) -> Iterator[str]:
    """Links and CNI configurations that other modes make and this one does not, plain names only."""
    own = modes()[mode]().traces()
    for name, other in modes().items():
        traces: Traces = other(**other.example()).traces() if name != mode else own
        for value in getattr(traces, what):
            first = value.startswith("/etc/cni/net.d/0") if what == "files" else "*" not in value
            if first and value not in getattr(own, what):
                yield value


def _short_lived(path: str) -> tuple[str, str]:
    """A certificate in the place of another, good for five days of its year."""
    dates = "-not_before $(date -ud '-360 days' +%Y%m%d000000Z) -not_after $(date -ud '+5 days' +%Y%m%d000000Z)"
    make = f"openssl req -x509 -newkey rsa:2048 -noenc -subj /CN=mutation -keyout /dev/null -out {path} {dates}"
    return f"cp -a {path} /run/mutation.crt", f"{make} 2>&1"


def _request(kubectl: str) -> str:
    make = "openssl req -new -newkey rsa:2048 -noenc -subj /CN=mutation -keyout /dev/null 2>/dev/null | base64 -w0"
    return f"""{kubectl} create -f - <<END
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {{name: mutation}}
spec: {{signerName: example.net/none, usages: [client auth], request: $({make})}}
END"""
