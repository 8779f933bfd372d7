"""What enforces NetworkPolicies beside a network that enforces none, where the inventory configures it."""
