"""What the hosts of a run are to its cluster, by what they have answered."""

from __future__ import annotations

from underlay.plan.membership import Standing, standing

from .run import current_run


def standing_of(name: str) -> Standing:
    """What a node's host is to the cluster; unknown where it, or the first control-plane host, was not reached."""
    run = current_run()
    cluster, answers = run.spec.cluster, run.observed.answers
    if name not in answers or cluster.first.name not in answers:
        return Standing.UNKNOWN
    return standing(cluster, cluster.node(name), answers[name], answers[cluster.first.name])


def is_to_join(name: str) -> bool:
    """Whether kubeadm has work on the host: it is in no cluster, or an attempt has not completed."""
    return standing_of(name) in (Standing.ABSENT, Standing.STARTED)
