"""The embedded lab: hosts made of namespaces on this machine, that speak SSH like any other."""
