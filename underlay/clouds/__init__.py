"""Routes in clouds: what a VPC needs so that pods are reachable without an overlay. Independent of the other rooms."""
