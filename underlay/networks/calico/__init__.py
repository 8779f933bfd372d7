"""Calico's modes; what they share is in `calico`."""
