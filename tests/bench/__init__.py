"""Measures what the project claims, side by side with its rivals where there are any; see `python -m tests.bench`."""
