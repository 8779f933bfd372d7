"""Who gives Services of type LoadBalancer their addresses, where the inventory asks for it."""
