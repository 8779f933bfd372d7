"""One figure a file: how it is measured, and its target."""
