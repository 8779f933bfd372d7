"""What the environment of a login must not change: the text before every script that runs on a host."""

from __future__ import annotations

from underlay.model.cluster import Cluster

from .proxies import VARIABLE, of_scripts

# Each changes what a program prints, or whom it asks, without being named in a command.
_UNSET = (
    *("LANGUAGE", "POSIXLY_CORRECT", "GREP_OPTIONS", "GREP_COLORS", "QUOTING_STYLE", "TIME_STYLE", "BLOCK_SIZE"),
    *("BLOCKSIZE", "DF_BLOCK_SIZE", "DU_BLOCK_SIZE", "CDPATH", "ENV", "BASH_ENV", "TMPDIR", "XTABLES_LIBDIR", "IFS"),
    *("SYSTEMD_COLORS", "SYSTEMD_PAGER", "SYSTEMD_LOG_LEVEL", "PAGER", "KUBECONFIG", "KUBECTL_EXTERNAL_DIFF"),
    *("CONTAINER_RUNTIME_ENDPOINT", "IMAGE_SERVICE_ENDPOINT", "CONTAINERD_ADDRESS", "CONTAINERD_NAMESPACE"),
)


def prologue(cluster: Cluster) -> str:
    """Shell that sets what scripts rely on. A proxy is for what is outside the cluster.

    It leaves in u_proxies what the login has, a word for each variable, without passwords.
    """
    return f"""\
u_proxies=$(env | sed -nE '/^{VARIABLE}=./{{s#//[^/@]*@#//#;s/[[:space:]]//g;p;}}' | tr '\\n' ' ')
unset {" ".join(_UNSET)}
LC_ALL=C.UTF-8 TZ=UTC; export LC_ALL TZ; umask 022; unalias -a
{of_scripts(cluster)}"""
