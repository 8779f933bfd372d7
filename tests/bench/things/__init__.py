"""Thirty things a Kubernetes host needs, declared once, and three ways to keep twenty hosts so."""
