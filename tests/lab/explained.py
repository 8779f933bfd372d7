"""A failure's report, explained: the containers that ended, and the folder with everything, before the lab is gone."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from underlay.lab.model.topology import Lab

from .deployed import ROOT, Deployed
from .ended import ended
from .failure_folder import keep
from .light_fabric import LightFabric


def explain(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add to a report of a failure; whatever goes wrong in here is told beside it and hides nothing."""
    for deployed in _values(item):
        if isinstance(deployed, Deployed):
            report.sections.append((f"containers of {deployed.name} that ended", ended(deployed)))
    try:
        folder = os.path.relpath(keep(item.nodeid, labs_of(item), _text(report)), ROOT)
    except Exception as trouble:
        report.sections.append(("what explains this", f"could not be kept: {trouble!r}"))
        return
    item.user_properties.append(("folder", folder))
    report.sections.append(("everything that explains this", folder))


def labs_of(item: pytest.Item) -> list[str]:
    """Names of the labs that a test is known to use: those of its fixtures and its file."""
    module = vars(item.module) if isinstance(item, pytest.Function) else {}
    return list(dict.fromkeys(name for value in (*_values(item), *module.values()) for name in _names(value)))


def _values(item: pytest.Item) -> list[object]:
    return list(getattr(item, "funcargs", {}).values())


def _names(value: object) -> Iterator[str]:
    if isinstance(value, Lab | Deployed):
        yield value.name
    elif isinstance(value, LightFabric):
        yield value.lab.name


def _text(report: pytest.TestReport) -> str:
    sections = (f"--- {title} ---\n{content}" for title, content in report.sections)
    return "\n".join([report.nodeid, report.longreprtext, *sections]) + "\n"
