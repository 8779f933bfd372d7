"""From what an inventory says to what every host, and the cluster, has to be."""
