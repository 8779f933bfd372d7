"""Upstream's own network tests, made to run in a lab: their program, their image, and the end of their output."""
