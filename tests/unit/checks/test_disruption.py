"""Budgets that keep pods on a node: those that allow no disruption, and select a pod of it."""

from __future__ import annotations

from typing import Any

import pytest

from underlay.checks.disruption import blocking_budgets

# As the API server has it: policy/v1 and core/v1 of Kubernetes 1.37.
POD = {"metadata": {"namespace": "shop", "name": "web-1", "labels": {"app": "web", "tier": "front"}}}


def budget(*, allowed: int = 0, namespace: str = "shop", **selector: Any) -> dict[str, Any]:
    status = {"currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": allowed, "expectedPods": 1}
    return {
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"minAvailable": 1, "selector": selector},
        "status": status,
    }


def term(operator: str, *values: str, key: str = "tier") -> dict[str, Any]:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


@pytest.mark.parametrize(
    ("found", "blocks"),
    [
        (budget(matchLabels={"app": "web"}), True),
        (budget(matchLabels={"app": "web"}, allowed=1), False),
        (budget(matchLabels={"app": "web"}, namespace="other"), False),
        (budget(matchLabels={"app": "db"}), False),
        (budget(matchLabels={"app": "web"}, matchExpressions=[term("In", "back")]), False),
        (budget(matchExpressions=[term("In", "front", "back")]), True),
        (budget(matchExpressions=[term("NotIn", "front")]), False),
        (budget(matchExpressions=[term("NotIn", "back")]), True),
        (budget(matchExpressions=[term("Exists")]), True),
        (budget(matchExpressions=[term("Exists", key="none")]), False),
        (budget(matchExpressions=[term("DoesNotExist", key="none")]), True),
        (budget(matchExpressions=[term("DoesNotExist")]), False),
        (budget(), True),
    ],
)
def test_names_the_budget_that_blocks(found: dict[str, Any], *, blocks: bool) -> None:
    name = f"{found['metadata']['namespace']}/web"
    assert blocking_budgets([found], [POD]) == ([name] if blocks else [])
