"""The declaration: what every host, and the cluster, has to be, derived from a Spec."""
