"""Verifies a running cluster: the machinery of the checks in tests/live, and the report that they leave."""
