"""Values that the prober and its readers share: states of lanes and tunnels, and the initial TTL."""

OPEN, SILENT = "open", "silent"
ABSENT = "absent"
"""A peer whose end of the tunnel never answered."""
# The kernel's default, net.ipv4.ip_default_ttl.
TTL = 64
