"""Addresses for Services of type LoadBalancer, where the inventory configures a provider."""
