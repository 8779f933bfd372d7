"""One host of a lab: its namespaces, control groups, root and disk, and the network it is plugged into."""
