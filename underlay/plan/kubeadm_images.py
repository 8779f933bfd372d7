"""Shell that compares the images a plan installs with those that the host's own kubeadm deploys."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "coredns", "pause")


def image_check(version: str, references: Sequence[str]) -> str:
    """Shell that exits with status 1 and a sentence when kubeadm would deploy another image: nothing is begun then.

    :param version: of Kubernetes, e.g. v1.37.2; kubeadm then asks nobody for it.
    :param references: the images as they are installed.
    """
    wanted = " ".join(quote(reference) for reference in references)
    return f"""\
u_nl='
'
u_listed=$(kubeadm config images list --kubernetes-version {quote(version)} 2>&1 </dev/null) || {{
  echo "kubeadm config images list: $(printf '%s\\n' "$u_listed" | tail -n 1)" >&2; exit 1; }}
for u_image in {wanted}; do
  case "$u_nl$u_listed$u_nl" in *"$u_nl$u_image$u_nl"*) continue ;; esac
  u_other=$(printf '%s\\n' "$u_listed" | grep -F "${{u_image%:*}}:" | tail -n 1)
  echo "kubeadm {version} deploys ${{u_other:-no ${{u_image%:*}}}}, and this host has $u_image;" \\
    "take a Kubernetes release whose images are known, and report this one" >&2
  exit 1
done"""
