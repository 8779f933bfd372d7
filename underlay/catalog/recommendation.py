"""The best network for a site, the runner-up, and why the others are not chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from underlay.model.cluster import Cluster
from underlay.networks.registry import modes

from .candidate import Candidate, best_of, oddness
from .comparison import enforcer_of
from .exclusions import Site, reasons_against
from .proof import Proofs
from .sample_inventory import Shape, shapes
from .scoring import START, ScoreItem, score_items
from .site import Encrypted, SiteAnswers


@dataclass(frozen=True)
class Fit:
    """A mode that serves the site, with an inventory for it, the items of its score, and the policy engine it needs."""

    candidate: Candidate
    shape: Shape
    score_items: tuple[ScoreItem, ...]
    engine: str = ""

    @property
    def mode(self) -> str:
        return self.candidate.mode

    @property
    def score(self) -> float:
        return START + sum(item.value for item in self.score_items)


@dataclass(frozen=True)
class Choice:
    """`fits` are sorted, best first; `ruled_out` maps a mode to every reason."""

    answers: SiteAnswers
    fits: tuple[Fit, ...]
    ruled_out: dict[str, list[str]]


def site_of(answers: SiteAnswers, *, real: Cluster | None = None, missing: dict[str, str] | None = None) -> Site:
    """A site by its answers; with the cluster of an inventory and missing kernel modules where hosts were queried."""
    return Site(answers, shapes(answers), real, missing or {})


def choose(site: Site, proofs: Proofs) -> Choice:
    """Every mode as a fit with its score, or with the reasons that rule it out."""
    fits, ruled_out = [], {}
    for mode in modes():
        candidate, against = best_of(mode, lambda c: reasons_against(c, site))
        if against:
            ruled_out[mode] = against
        else:
            shape = site.shape_for(candidate)
            items = tuple(score_items(candidate, shape.cluster, site.answers, proofs))
            engine = "" if candidate.network.traits.policy else enforcer_of(candidate.network)
            fits.append(Fit(candidate, shape, items, engine if site.answers.policies else ""))
    ordered = sorted(fits, key=lambda fit: (-fit.score, oddness(fit.mode), fit.mode))
    return Choice(site.answers, tuple(ordered), ruled_out)


# Demands: the question, the answer without a demand, and the words for that.
_WITHOUT: tuple[tuple[str, Any, str], ...] = (
    ("policies", False, "without policies"),
    ("encryption", Encrypted.NO, "without encryption"),
    ("overlay", True, "with an overlay"),
    ("egress", False, "without egress from fixed addresses"),
    ("clusters", False, "as a single cluster"),
    ("addresses", SiteAnswers.addresses, "with IPv4 only"),
)


def relaxed(site: Site, proofs: Proofs) -> dict[str, str]:
    """For a site that no mode serves: what to give up -> the best mode then, one demand at a time."""
    found = {}
    if site.missing and (fits := choose(site_of(site.answers, real=site.real), proofs).fits):
        found["with all kernel modules on all hosts"] = fits[0].mode
    for name, without, words in _WITHOUT:
        if getattr(site.answers, name) != without:
            answers = replace(site.answers, **{name: without})
            if fits := choose(site_of(answers, missing=site.missing), proofs).fits:
                found[words] = fits[0].mode
    return found
