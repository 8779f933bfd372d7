"""The inventory's BGP facts: AS numbers by rack and routers, managed or not; every problem among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from underlay.model.bgp import Bgp, Router
from underlay.model.node import Node

from .errors import from_validation
from .host_names import unusable

# RFC 7607 (0), RFC 4893 (AS_TRANS), RFC 7300 (last of each width).
_RESERVED = {23456: "AS_TRANS", 65535: "reserved", 2**32 - 1: "reserved"}
AsNumber = Annotated[int, Field(gt=0, lt=2**32, strict=True)]
# RFC 2385 leaves the length open; Linux keeps TCP_MD5SIG_MAXKEYLEN bytes.
PASSWORD_MAX = 80


class Peer(BaseModel):
    """A router that the deploy does not manage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("", pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$", description="its name")
    address: IPv4Address | IPv6Address = Field(description="its address on the rack's segment")
    as_number: AsNumber = Field(description="its AS")
    rack: str = Field(description="the rack whose nodes peer with it")


class BgpVariables(BaseModel):
    """The variable `bgp`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_number: AsNumber | None = Field(None, description="the AS of all nodes, where racks have none of their own")
    as_numbers: dict[str, AsNumber] = Field({}, description="the AS of the nodes of each rack")
    peers: tuple[Peer, ...] = Field((), description="routers that are not in the group routers")
    reflectors: tuple[str, ...] = Field((), description="nodes that reflect routes to all others of their AS")
    cluster_id: IPv4Address = Field(IPv4Address("224.0.0.1"), description="the cluster id of all reflectors")
    password: SecretStr | None = Field(None, description="TCP MD5 password of every session; secret")
    hold_time: int = Field(9, ge=3, le=65535, description="seconds without a message until a session is closed")
    keepalive: int = Field(3, ge=1, le=21845, description="seconds between keepalive messages")
    bfd: bool = Field(False, description="detect failed peers with BFD, in well under a second")
    bfd_interval: int = Field(
        300, ge=50, le=60000, description="milliseconds between BFD packets; after three lost ones a peer has failed"
    )
    ttl_security: bool = Field(
        False, description="refuse packets that passed a router (GTSM); both sides have to enable it"
    )
    max_prefixes: int | None = Field(
        None,
        ge=1,
        description="prefixes accepted from a peer before the session is closed; default: 1000, or two for each node",
    )

    @field_validator("password")
    @classmethod
    def _fits(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not 0 < len(value.get_secret_value().encode()) <= PASSWORD_MAX:
            raise ValueError(f"a TCP MD5 password has 1 to {PASSWORD_MAX} bytes")
        # FRR's configuration has it at the end of a line, which is trimmed.
        if value is not None and (" " in (text := value.get_secret_value()) or not text.isprintable()):
            raise ValueError("a password has no spaces and no control characters")
        return value

    @field_validator("cluster_id", mode="before")
    @classmethod
    def _one_for_all(cls, value: Any) -> Any:
        if not isinstance(value, (str, IPv4Address)):
            raise ValueError("all reflectors share one cluster id, such as 224.0.0.1")
        return value


def read_bgp(
    stated: Mapping[str, Any] | None,
    routers: Mapping[str, Mapping[str, Any]],
    nodes: tuple[Node, ...],
    problems: list[str],
) -> Bgp | None:
    """The facts, or None where the inventory states none.

    :param routers: the hosts of the group routers, with their variables address, rack and as_number.
    """
    if stated is None and not routers:
        return None
    try:
        variables = BgpVariables.model_validate(dict(stated or {}))
    except ValidationError as error:
        problems += from_validation(error, prefix="bgp", known=BgpVariables.model_fields, depth=3)
        return None
    racks = dict.fromkeys(n.rack for n in nodes)
    managed = list(_managed(routers, problems))
    unmanaged = [
        Router(p.name or f"peer-{p.address}", p.address, p.as_number, p.rack, managed=False) for p in variables.peers
    ]
    found = Bgp(
        as_numbers={r: n for r in racks if (n := variables.as_numbers.get(r, variables.as_number)) is not None},
        routers=(*managed, *unmanaged),
        reflectors=variables.reflectors,
        cluster_id=str(variables.cluster_id),
        password=variables.password.get_secret_value() if variables.password else None,
        hold_time=variables.hold_time,
        keepalive=variables.keepalive,
        bfd=variables.bfd,
        bfd_interval=variables.bfd_interval,
        ttl_security=variables.ttl_security,
        max_prefixes=variables.max_prefixes or max(1000, 2 * len(nodes)),
    )
    problems += _problems(found, variables, tuple(racks), nodes)
    return found


def _managed(routers: Mapping[str, Mapping[str, Any]], problems: list[str]) -> Iterator[Router]:
    for name, own in routers.items():
        if own.get("as_number") is None:
            problems.append(f"routers.{name}.as_number: is missing; set the router's AS number")
        else:
            yield Router(
                name,
                own["address"],
                int(own["as_number"]),
                str(own["rack"]),
                managed=True,
                fabric=own["fabric_address"],
            )


def _problems(bgp: Bgp, variables: BgpVariables, racks: tuple[str, ...], nodes: tuple[Node, ...]) -> Iterator[str]:
    for rack in racks:
        if rack not in bgp.as_numbers:
            yield f"bgp.as_numbers: {rack} is missing; give it an AS number, or all nodes one with bgp.as_number"
    for rack in sorted(set(variables.as_numbers) - set(racks)):
        yield f"bgp.as_numbers: no node is in {rack}; the racks are {', '.join(racks)}"
    stated = {f"bgp.as_numbers.{rack}": n for rack, n in bgp.as_numbers.items()}
    stated |= {f"bgp: router {r.name}": r.as_number for r in bgp.routers}
    for where, number in stated.items():
        if number in _RESERVED:
            yield f"{where}: AS {number} is {_RESERVED[number]}; use a private one (64512 to 65534, or 4200000000 on)"
    names = {n.name for n in nodes}
    for name in bgp.reflectors:
        if name not in names:
            yield f"bgp.reflectors: no node is called {name}; the nodes are {', '.join(sorted(names))}"
    if len(set(bgp.reflectors)) == 1:
        yield "bgp.reflectors: one reflector is a single point of failure; name two or more, or none"
    if bgp.reflectors and bgp.routers:
        yield (
            "bgp.reflectors: nodes peer with the routers of their racks, not with reflectors; remove the reflectors or "
            "the routers"
        )
    elif bgp.reflectors and not bgp.single_as:
        stated_numbers = ", ".join(str(n) for n in sorted(set(bgp.as_numbers.values())))
        yield f"bgp.reflectors: routes are reflected within one AS, and the nodes have {stated_numbers}; give them one"
    yield from _timer_problems(bgp, nodes)
    yield from _router_problems(bgp, racks, nodes)


def _timer_problems(bgp: Bgp, nodes: tuple[Node, ...]) -> Iterator[str]:
    if bgp.keepalive * 3 > bgp.hold_time:
        yield f"bgp.keepalive: {bgp.keepalive} s is more than a third of hold_time ({bgp.hold_time} s); lower it"
    if bgp.bfd and bgp.bfd_interval * 3 > bgp.hold_time * 1000:
        yield (
            f"bgp.bfd_interval: three packets {bgp.bfd_interval} ms apart take longer than hold_time "
            f"({bgp.hold_time} s), so the hold timer expires before BFD detects a failure; lower it"
        )
    if bgp.max_prefixes < len(nodes):
        yield (
            f"bgp.max_prefixes: {len(nodes)} nodes have a pod subnet each, and a session would be closed at "
            f"{bgp.max_prefixes}; raise it"
        )


def _router_problems(bgp: Bgp, racks: tuple[str, ...], nodes: tuple[Node, ...]) -> Iterator[str]:
    names = {n.name for n in nodes}
    addresses: dict[Any, str] = {a: n.name for n in nodes for a in n.addresses}
    families = {a.version for a in addresses}
    for router in bgp.routers:
        if router.rack not in racks:
            where = f"in {router.rack}" if router.rack else "in no rack"
            yield f"bgp: router {router.name} is {where}, and no node is; the racks are {', '.join(racks)}"
        if router.name in names:
            yield f"bgp: router {router.name} has the name of another host; give each its own name"
        names.add(router.name)
        if why := unusable(router.address):
            yield f"bgp: router {router.name} has an address that is {why} ({router.address}); no node peers with it"
        for address in filter(None, (router.address, router.fabric)):
            if address in addresses:
                yield f"bgp: router {router.name} has the address of {addresses[address]} ({address})"
            addresses.setdefault(address, router.name)
        if families and router.address.version not in families:
            yield (
                f"bgp: router {router.name} has an IPv{router.address.version} address ({router.address}), and no node "
                "has one; use one family"
            )
        if router.managed and router.as_number == bgp.as_numbers.get(router.rack):
            yield (
                f"bgp: router {router.name} is in the AS of its rack's nodes ({router.as_number}), and does not "
                "advertise routes of one to another; give it an AS of its own"
            )
