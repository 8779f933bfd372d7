"""Checks of a running cluster that every network shares: commands for its nodes, and what their output has to be."""
