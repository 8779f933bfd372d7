"""The inventory's variable `cloud`; it has no credentials, which come from the provider's standard chain."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# AWS: routes for each table, 500 by default since June 2025, 1000 on request. GCE's quota is queried.
AWS_ROUTES = 500


class CloudSettings(BaseModel):
    """The variable `cloud`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: Literal["aws", "gce"] = Field(description="whose VPC")
    region: str | None = Field(None, description="AWS: the region")
    route_tables: tuple[str, ...] = Field((), description="AWS: ids of the route tables of all subnets with nodes")
    route_limit: int = Field(AWS_ROUTES, gt=0, description="AWS: routes a table may hold in this account")
    project: str | None = Field(None, description="GCE: the project")
    zones: tuple[str, ...] = Field((), description="GCE: zones the instances are in")
    network: str | None = Field(None, description="GCE: the VPC network's name")
    endpoint: str | None = Field(None, description="another API endpoint, for private or emulated clouds")

    @model_validator(mode="after")
    def _whole(self) -> CloudSettings:
        needs = {"aws": ("region", "route_tables"), "gce": ("project", "zones", "network")}
        mine, others = needs[self.provider], {n for p, names in needs.items() if p != self.provider for n in names}
        if missing := [name for name in mine if not getattr(self, name)]:
            raise ValueError(f"{self.provider} needs {', '.join(missing)}")
        if foreign := sorted(name for name in others if getattr(self, name)):
            raise ValueError(f"{self.provider} does not know {', '.join(foreign)}")
        return self
