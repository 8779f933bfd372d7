"""Flannel's modes; what they share is in `flannel`."""
