"""Tests without root and without a cluster; the whole suite takes seconds."""
