"""Cilium's modes; what they share is in `cilium`, and each feature that goes with all of them has a file."""
