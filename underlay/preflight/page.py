"""Preflight as one HTML page: the verdict, the findings, and a matrix of all pairs of hosts."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from markupsafe import Markup

from underlay.templates import render

from .matrix import matrix, path_mtu, reach, round_trip

# A round trip of more than so many times the median stands out.
_FAR = 5.0


def page_of(document: Mapping[str, Any]) -> str:
    """One HTML page without external resources.

    :param document: preflight's JSON.
    """
    return render("preflight.html", found=document, pictures=_pictures(document))


def _pictures(document: Mapping[str, Any]) -> list[tuple[str, str, Markup]]:
    pairs = {(p["from"], p["to"]): p for p in document["pairs"]}
    if not pairs:
        return []
    # Sorted by rack: what is wrong between two racks is a block.
    hosts = [h["name"] for h in sorted(document["hosts"], key=lambda h: h["rack"])]
    usual = max((p["path_mtu"] or 0 for p in pairs.values()), default=0)
    trips = [p["rtt_ms"] for p in pairs.values() if p["rtt_ms"] is not None]
    far = _FAR * median(trips) if trips else 0
    shown = (
        ("Reach", "every port and protocol that the mode and Kubernetes use", reach),
        ("Path MTU", "the largest packet that passes, in bytes", path_mtu(usual)),
        ("Round trip", "of a first packet, in milliseconds", round_trip(far)),
    )
    # The pictures escape their own text.
    return [
        (title, what, Markup(matrix(hosts, pairs, cell, name=f"{title}: {what}")))  # noqa: S704
        for title, what, cell in shown
    ]
