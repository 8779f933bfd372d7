"""An attempt of kubeadm on a host: what it creates, what was there before it, and shell that removes the former alone.

`kubeadm reset` is no undo: it empties /var/lib/etcd, /var/lib/kubelet, and pki and manifests in /etc/kubernetes,
whoever filled them (kubeadm 1.37, cmd/phases/reset).
"""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from underlay.resources.api_server import MEMBER

from .run_lock import ATTEMPT, PROCESS

# Every path that an attempt could have created and that was there when it began; its last line is COMPLETE.
BEFORE = "/var/lib/underlay/before"
COMPLETE = "complete"
# Touched when an attempt has failed: what changed later is not the attempt's.
FAILED = "/var/lib/underlay/failed"

ETCD = "/var/lib/etcd"
KUBELET = "/var/lib/kubelet"
PKI = "/etc/kubernetes/pki"
KUBELET_CONFIGS = tuple(f"/etc/kubernetes/{name}.conf" for name in ("kubelet", "bootstrap-kubelet"))
CONTROL_PLANE_CONFIGS = tuple(
    f"/etc/kubernetes/{name}.conf" for name in ("admin", "super-admin", "controller-manager", "scheduler")
)
MANIFESTS = tuple(
    f"/etc/kubernetes/manifests/{name}.yaml"
    for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
)
# kubeadm's certificates and keys (constants.go and phases/certs); a CA of the operator's has the same names.
_PAIRS = (
    *("ca", "apiserver", "apiserver-kubelet-client", "front-proxy-ca", "front-proxy-client", "apiserver-etcd-client"),
    *("etcd/ca", "etcd/server", "etcd/peer", "etcd/healthcheck-client"),
)
CERTIFICATES = (
    *(f"{PKI}/{name}.{end}" for name in _PAIRS for end in ("crt", "key")),
    *(f"{PKI}/sa.{end}" for end in ("key", "pub")),
)

# Whether a path is there, and was created by the attempt that the mark names.
MADE = f"""\
u_made() {{
  {{ [ -e "$1" ] || [ -L "$1" ]; }} && grep -qs '^started ' {MEMBER} &&
    [ "$(tail -n 1 {BEFORE} 2>/dev/null)" = {COMPLETE} ] && ! grep -qxF -e "$1" {BEFORE}
}}"""


def begin(*, queried_mark: str, complete: str) -> str:
    """Shell that ends what a killed run has left at work, and stops where the host has changed since it was queried.

    kubeadm outlives the connection that started it. Where it has completed meanwhile, there is nothing left to do.

    :param queried_mark: the mark as the host was queried; empty without one.
    :param complete: the mark of a completed attempt.
    """
    return f"""\
{PROCESS}
if read -r u_pid u_since <{ATTEMPT} && u_process "$u_pid" && [ "$u_began" = "$u_since" ]; then
  u_old=$u_group
  u_process $$
  for s in TERM TERM TERM TERM TERM TERM TERM TERM TERM TERM KILL; do
    [ "$u_old" != "$u_group" ] && kill -$s "-$u_old" || break
    sleep 0.5
  done
fi 2>/dev/null
u_mark=$(cat {MEMBER} 2>/dev/null || :)
if [ "$u_mark" != {quote(queried_mark)} ]; then
  [ "$u_mark" != {quote(complete)} ] || exit 0
  echo "the host has changed since it was queried ($u_mark); run again" >&2; exit 1
fi
u_process $$; echo "$$ $u_began" >{ATTEMPT}"""


def record() -> str:
    """Shell that writes down what is there before an attempt."""
    return f"""\
{{
  find /etc/kubernetes/ /etc/cni/net.d/ -mindepth 1 2>/dev/null || :
  find {KUBELET}/ {ETCD}/ -mindepth 1 -maxdepth 1 2>/dev/null || :
  find /sys/class/net/ -mindepth 1 -maxdepth 1
  echo {COMPLETE}
}} >{BEFORE}.new
mv -f {BEFORE}.new {BEFORE}
rm -f {FAILED}"""


def undo(*, etcd: bool, member: bool, files: Sequence[str], links: Sequence[str]) -> str:
    """Shell that removes what the last attempt created, and nothing else; without a record of it, nothing.

    :param etcd: whether the host is to have an etcd; what an attempt put into its data directory is removed.
    :param member: whether that etcd is one of several: it is taken out of them first.
    :param files: CNI configuration of the cluster's network, which its agent writes once the node has joined.
    :param links: bridges of the cluster's network.
    """
    lines = [MADE, _REMOVE, "systemctl stop kubelet 2>/dev/null || :"]
    if member:
        admin = CONTROL_PLANE_CONFIGS[0]
        lines += [
            f"if u_made {admin} && ! grep -q '^{ETCD}/' {BEFORE}; then",
            "  timeout 60 kubeadm reset phase remove-etcd-member </dev/null >/dev/null 2>&1 || :",
            "fi",
        ]
    lines += [_CONTAINERS, _UNMOUNT]
    names = (*KUBELET_CONFIGS, *CONTROL_PLANE_CONFIGS, *MANIFESTS, *files)
    lines.append(f'for p in {" ".join(names)} $(find {KUBELET}/ -mindepth 1 -maxdepth 1); do u_remove "$p"; done')
    lines += [
        f"for p in {' '.join(CERTIFICATES)}; do",
        f'  [ -e {FAILED} ] && [ -n "$(find "$p" -cnewer {FAILED} 2>/dev/null)" ] || u_remove "$p"',
        "done",
    ]
    if etcd:
        lines += [
            f"if ! grep -qs '^{ETCD}/' {BEFORE}; then",
            f'  find {ETCD}/ -mindepth 1 -maxdepth 1 2>/dev/null | while read -r p; do u_remove "$p"; done',
            "fi",
        ]
    lines += [f"if u_made /sys/class/net/{link}; then ip link delete {link} || :; fi" for link in links]
    lines.append(f"rm -f {MEMBER} {BEFORE} {FAILED}")
    return "\n".join(lines)


def forget_subnet(links: Sequence[str], notes: Sequence[str]) -> str:
    """Shell that removes what a host has of its former pod subnet before it joins: it gets another.

    Flannel's plugin gives addresses of the subnet that its agent noted last, until the agent has noted the new one; and
    a bridge keeps its address, so that no pod would start.

    :param links: bridges; they go where nothing is attached to them, on a host that was a node of ours.
    :param notes: files of an agent's, none of which runs before the join.
    """
    lines = [f"rm -f -- {note}" for note in notes]
    return "\n".join([*lines, *(_unused(link) for link in links)])


def _unused(link: str) -> str:
    return (
        f'if [ -e {MEMBER} ] && [ -d /sys/class/net/{link}/brif ] && [ -z "$(ls /sys/class/net/{link}/brif)" ]; then '
        f"ip link delete {link} || :; fi"
    )


# A mounted directory may be somebody's data, also when it is a bind mount of the same file system.
_REMOVE = """\
u_mounts() {
  u_at=$(readlink -f -- "$1") || return 0
  awk -v at="$u_at" '$5 == at || index($5, at "/") == 1 {print $5}' /proc/self/mountinfo | sort -r
}
u_remove() {
  u_made "$1" || return 0
  [ -z "$(u_mounts "$1")" ] || return 0
  rm -rf --one-file-system -- "$1"
}"""

# containerd asks the plugins to take each pod off the network, and keeps a pod that they refuse: Calico's asks the API
# server, which has ended. Then one is put before them that asks nobody; links go with the pods' namespaces. It gives no
# address, and so containerd starts no pod.
_CNI = "/etc/cni/net.d"
ENDING = f"{_CNI}/00-underlay-end.conflist"
_ANSWERS = '{"cniVersion": "0.4.0", "name": "end", "plugins": [{"type": "loopback"}]}'
PUT_ENDING = f"echo {quote(_ANSWERS)} >{ENDING}.new && mv -f {ENDING}.new {ENDING} && sleep 1"

# kubeadm ends the containers over CRI, where it sees empty directories and can empty no others. It gives each two
# seconds and says nothing of those that took longer (kubeadm 1.37, util/runtime): what is left is ended again.
_CONTAINERS = f"""\
mkdir -p /etc/kubernetes {KUBELET}
u_pods() {{
  timeout 20 ctr -n k8s.io containers ls -q 'labels."io.cri-containerd.kind"==sandbox' 2>/dev/null
}}
for u_try in 1 2 3 4 5; do
if [ $u_try = 3 ] && [ -d {_CNI} ]; then
  {PUT_ENDING}
fi
unshare --mount sh -eu <<'UNDERLAY_END' >/dev/null 2>&1 || :
awk -v at="$(readlink -f {KUBELET})/" 'index($5, at) == 1 {{print $5}}' /proc/self/mountinfo | sort -r |
  while read -r m; do umount -l "$m" || :; done
for d in /etc/kubernetes {KUBELET}; do mount -t tmpfs underlay "$d"; done
timeout 120 kubeadm reset phase cleanup-node --cri-socket unix:///run/containerd/containerd.sock </dev/null
UNDERLAY_END
[ -n "$(u_pods)" ] || break
done
rm -f {ENDING} {ENDING}.new
if [ -n "$(u_pods)" ]; then
  echo 'pods of the last attempt do not end (`ctr -n k8s.io tasks ls`); run again' >&2; exit 1
fi"""

# Volumes of pods alone: below plugins the operator may have mounts.
_UNMOUNT = f"""\
if u_made {KUBELET}/pods; then
  u_mounts {KUBELET}/pods | while read -r m; do
    [ "$m" = "$(readlink -f {KUBELET}/pods)" ] || umount "$m" 2>/dev/null || umount -l "$m" || :
  done
fi"""
