"""Cilium's modes; what they share is in `cilium`, and a file for each feature that crosses them."""
