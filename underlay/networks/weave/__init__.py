"""Weave Net's modes; what they share is in `weave`."""
