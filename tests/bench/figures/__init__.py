"""One figure a file: how it is measured, and what was asked for."""
