"""The embedded lab: hosts made of namespaces on this machine, reached over SSH like any other."""
