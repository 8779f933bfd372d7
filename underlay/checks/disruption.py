"""Which disruption budgets keep pods on a node that is to be drained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def blocking_budgets(budgets: Sequence[Mapping[str, Any]], pods: Sequence[Mapping[str, Any]]) -> list[str]:
    """`namespace/name` of the budgets that allow no disruption now and select one of the pods."""
    found = []
    for budget in budgets:
        namespace, name = budget["metadata"]["namespace"], budget["metadata"]["name"]
        if budget.get("status", {}).get("disruptionsAllowed", 0) > 0:
            continue
        selector = budget["spec"].get("selector") or {}
        if any(p["metadata"]["namespace"] == namespace and _selects(selector, p) for p in pods):
            found.append(f"{namespace}/{name}")
    return sorted(found)


def _selects(selector: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    labels = pod["metadata"].get("labels", {})
    exact = selector.get("matchLabels") or {}
    terms = selector.get("matchExpressions") or ()
    return all(labels.get(k) == v for k, v in exact.items()) and all(_fits(term, labels) for term in terms)


def _fits(term: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(term["key"]), term.get("values", ())
    match term["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
    return value is None
