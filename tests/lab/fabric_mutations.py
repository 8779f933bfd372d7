"""What is broken of BGP between the nodes of two racks and their routers, one thing at a time."""

from __future__ import annotations

from .fabric import configure
from .mutations import BGP, BODY, HOST, MODE, UNREACHED, Mutation, on, rules
from .waiting import shell_until

_ROUTER, _NODE, _FAR = "tor-1", "w-1", "w-2"
_DENY = "ip prefix-list PODS seq 5 deny 10.244.0.0/16 ge 17 le 32"
# What was withdrawn is gone on a node of the other rack too.
_ROUTES = "ip route show proto bgp | grep -c 10.244"
_COUNTED = f"{_ROUTES} >/run/mutation"
_FEWER = shell_until(f'[ "$({_ROUTES})" -lt "$(cat /run/mutation)" ]')


def fabric_mutations() -> list[Mutation]:
    drop, undo = rules("forward", "ip saddr 10.244.0.0/16 ip daddr 10.244.0.0/16 drop")
    return [
        Mutation("a route withdrawn by a router",
                 (*on(_FAR, _COUNTED), *on(_ROUTER, configure(_DENY)), *on(_FAR, _FEWER)),
                 on(_ROUTER, configure(f"no {_DENY}"), "vtysh -c 'clear bgp * soft'"),
                 (BGP,), (HOST, MODE, *UNREACHED)),  # what somebody typed is drift
        Mutation("a node's BGP stopped",
                 (*on(_FAR, _COUNTED), *on(_NODE, "systemctl stop frr"), *on(_FAR, _FEWER)),
                 on(_NODE, "systemctl start frr"),
                 (BGP, HOST), (MODE, *UNREACHED)),
        Mutation("a router drops what pods send to another rack", on(_ROUTER, drop), on(_ROUTER, undo),
                 (BODY,), UNREACHED),
    ]  # fmt: skip
