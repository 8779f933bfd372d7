"""The best network for a site, the runner-up, and why not another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from underlay.model.cluster import Cluster
from underlay.networks.registry import modes

from .candidate import Candidate, best_of, oddness
from .exclusions import Site, reasons_against
from .proof import Proofs
from .sample_inventory import Shape, shapes
from .scoring import START, Point, points
from .site import Encrypted, SiteAnswers


@dataclass(frozen=True)
class Fit:
    """A mode that serves the site, on an inventory of that shape."""

    candidate: Candidate
    shape: Shape
    points: tuple[Point, ...]

    @property
    def mode(self) -> str:
        return self.candidate.mode

    @property
    def score(self) -> float:
        return START + sum(point.worth for point in self.points)


@dataclass(frozen=True)
class Choice:
    """`fits` the best first; `ruled_out` mode -> every reason."""

    answers: SiteAnswers
    fits: tuple[Fit, ...]
    ruled_out: dict[str, list[str]]


def site_of(answers: SiteAnswers, *, real: Cluster | None = None, missing: dict[str, str] | None = None) -> Site:
    """A site as described, with the inventory and the hosts' lack of modules where they were read."""
    return Site(answers, shapes(answers), real, missing or {})


def choose(site: Site, proofs: Proofs) -> Choice:
    fits, ruled_out = [], {}
    for mode in modes():
        candidate, against = best_of(mode, lambda c: reasons_against(c, site))
        if against:
            ruled_out[mode] = against
        else:
            shape = site.shape_for(candidate)
            fits.append(Fit(candidate, shape, tuple(points(candidate, shape.cluster, site.answers, proofs))))
    ordered = sorted(fits, key=lambda fit: (-fit.score, oddness(fit.mode), fit.mode))
    return Choice(site.answers, tuple(ordered), ruled_out)


# Demands: the question, the answer that demands nothing, and how doing without is said.
_WITHOUT: tuple[tuple[str, Any, str], ...] = (
    ("policies", False, "without policies"),
    ("encryption", Encrypted.NO, "without encryption"),
    ("overlay", True, "with an overlay"),
    ("egress", False, "without fixed addresses outside"),
    ("clusters", False, "as a cluster of its own"),
    ("addresses", SiteAnswers.addresses, "with IPv4 alone"),
)


def relaxed(site: Site, proofs: Proofs) -> dict[str, str]:
    """For a site that nothing serves: single demands, and what would serve without each."""
    found = {}
    if site.missing and (fits := choose(site_of(site.answers, real=site.real), proofs).fits):
        found["with all kernel modules on all hosts"] = fits[0].mode
    for name, without, words in _WITHOUT:
        if getattr(site.answers, name) != without:
            answers = replace(site.answers, **{name: without})
            if fits := choose(site_of(answers, missing=site.missing), proofs).fits:
                found[words] = fits[0].mode
    return found
