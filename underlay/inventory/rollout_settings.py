"""The variable `rollout`: in which steps a change that restarts something reaches the nodes of a running cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .errors import from_validation, unknown

_PERCENT = re.compile(r"([0-9]{1,3})%")


class RolloutSettings(BaseModel):
    """`batch` is a number of workers or a percentage of all; `canary` names the nodes that are changed first.

    After `stop_after` nodes that failed no further batch begins. A drain takes `drain_s` seconds at most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    batch: int | str = "25%"
    canary: tuple[str, ...] = ()
    stop_after: int = Field(default=1, ge=1)
    drain_s: int = Field(default=300, ge=1, le=86400)

    @field_validator("batch", mode="before")
    @classmethod
    def _size(cls, value: Any) -> int | str:
        if isinstance(value, str) and (found := _PERCENT.fullmatch(value)) and 1 <= int(found[1]) <= 100:
            return value
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        raise ValueError('a batch is a number of workers from 1, or a percentage of them from "1%" to "100%"')

    @field_validator("canary", mode="before")
    @classmethod
    def _names(cls, value: Any) -> tuple[str, ...]:
        if isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value):
            return tuple(dict.fromkeys(value))
        raise ValueError('canaries are a list of hosts, e.g. ["w-1"]')

    def batch_size(self, workers: int) -> int:
        """How many of so many workers are changed at once: one at least."""
        if isinstance(self.batch, int):
            return self.batch
        return max(1, workers * int(self.batch.rstrip("%")) // 100)


def read_rollout(
    value: dict[str, Any], nodes: Sequence[str], others: Sequence[str], problems: list[str]
) -> RolloutSettings:
    """The settings, with what is wrong added to `problems`.

    :param others: hosts of the inventory that are no nodes.
    """
    try:
        settings = RolloutSettings.model_validate(value)
    except ValidationError as error:
        problems += from_validation(error, prefix="rollout", known=RolloutSettings.model_fields)
        return RolloutSettings()
    problems += _canary_problems(settings.canary, nodes, others)
    return settings


def _canary_problems(canary: Sequence[str], nodes: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    for name in canary:
        if name in others:
            yield f"rollout.canary: {name} is no node; name a host of control_plane or workers"
        elif name not in nodes:
            yield unknown("rollout.canary", name, nodes, what="host")
