"""Findings about questions that a host has not answered: one for each cause, and nothing of what might follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from underlay.findings.finding import Finding
from underlay.resources.answer import Answer, Unknown
from underlay.resources.api_server import ANSWERS_HERE, is_silent

NOT_ROOT = "the login is not root"
# The package that a missing program is in, by Debian's names.
_PACKAGES = {
    "awk": "mawk",
    "find": "findutils",
    "findmnt": "util-linux",
    "ip": "iproute2",
    "modprobe": "kmod",
    "ss": "iproute2",
    "timeout": "coreutils",
}
_NAMED = 4
# What kubectl says where the server's certificate has ended, and where the client's has.
_EXPIRED = ("x509: certificate has expired", "asked for the client to provide credentials")


def unanswered_findings(host: str, answers: Mapping[str, Answer]) -> Iterator[Finding]:
    """What nobody knows of a host. That its login is not root has a finding of its own.

    :param answers: what was asked, after "could not be asked" -> the answer.
    """
    causes: dict[str, list[str]] = {}
    for about, answer in answers.items():
        if isinstance(answer, Unknown) and answer.reason != NOT_ROOT:
            causes.setdefault(answer.reason, []).append(about)
    for reason, subjects in causes.items():
        what = "anything" if len(subjects) == len(answers) else _listed(subjects)
        yield Finding("unanswered", host, f"could not be asked {what} ({reason})", _remedy(reason), (host,))


def _listed(subjects: list[str]) -> str:
    more = len(subjects) - _NAMED
    if more > 1:
        return f"{', '.join(subjects[:_NAMED])} and {more} more questions"
    return " and ".join([", ".join(subjects[:-1]), subjects[-1]]) if len(subjects) > 1 else subjects[0]


def _remedy(reason: str) -> str:
    program, _, rest = reason.partition(" ")
    if rest == "is not installed":
        package = _PACKAGES.get(program)
        # dpkg may have the package, and somebody removed the program.
        return f"run `apt-get install --reinstall {package}` there" if package else f"install {program} there"
    if reason.startswith("/etc/kubernetes/admin.conf"):
        return "restore it, for instance by `kubeadm init phase kubeconfig admin` there"
    return _api_remedy(reason) or "run again; if it stays so, see what a command over SSH prints and says there"


def _api_remedy(reason: str) -> str | None:
    """What helps where the API server was asked; None where something else was."""
    if any(words in reason for words in _EXPIRED):
        return "renew the cluster's certificates if they have ended: underlay certificates INVENTORY --renew"
    if reason.endswith(ANSWERS_HERE) and reason.startswith("kubectl gave"):
        # The endpoint takes connections: kubectl was started because of it.
        return "see whether the host is overloaded (`uptime` there), or what the load balancer does, and run again"
    if reason.endswith(ANSWERS_HERE):
        return "see why control_plane_endpoint does not lead there (its address, its load balancer), and run again"
    if is_silent(Unknown(reason)):
        return (
            "see there why the API server does not answer (`journalctl -u kubelet`, /var/log/pods/kube-system_*), "
            "and run again once it does"
        )
    return None
