"""Names of a lab's objects in the kernel, so that labs do not conflict and leftovers are recognised."""

PREFIX = "underlay"
UPLINK = "uplink"  # the router's end of the link to this machine, in its namespace


def uplink(lab: str) -> str:
    """The only interface of a lab in this machine's own network namespace."""
    return f"ul-{lab}"


def router(lab: str) -> str:
    """The network namespace of a lab's router."""
    return f"{PREFIX}-{lab}-router"


def namespace(lab: str, node: str) -> str:
    """The network namespace of a host."""
    return f"{PREFIX}-{lab}-{node}"


def node_of(namespace_name: str, lab: str) -> str | None:
    """The host (`cp-2`, `w-11`) that a namespace of this lab belongs to; None for any other namespace."""
    prefix = f"{PREFIX}-{lab}-"
    rest = namespace_name.removeprefix(prefix)
    role, _, number = rest.partition("-")
    return rest if rest != namespace_name and role in ("cp", "w", "tor") and number.isdecimal() else None


def bridge(rack: int) -> str:
    """A rack's switch, inside the router's namespace."""
    return f"rack-{rack}"


FABRIC = "fabric"  # the switch between the racks' routers, inside the router's namespace


def fabric_port(node: str) -> str:
    """A router host's port on that switch."""
    return f"{node}-f"


def group(lab: str = "", node: str = "", part: str = "") -> str:
    """A control group, as a path below each hierarchy's root."""
    return "/".join(filter(None, (PREFIX, lab, node, part)))
