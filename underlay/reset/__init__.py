"""The way back: what a host has of Kubernetes and its network, what it was before, and shell that restores that."""
