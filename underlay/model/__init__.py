"""The words everyone uses: what a cluster, a node, a port, an addon and a check are."""
