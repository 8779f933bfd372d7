"""Bare Linux hosts into a Kubernetes cluster whose network is exactly the one asked for, and verified."""

__version__ = "0.1.0"
