"""Words of both ends of a run: what a host tells of its lanes and tunnels, and the TTL that packets begin with."""

OPEN, SILENT = "open", "silent"
ABSENT = "absent"
"""A peer whose end of the tunnel was never there."""
# The kernel's own, net.ipv4.ip_default_ttl.
TTL = 64
