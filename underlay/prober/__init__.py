"""The prober, which runs on the hosts for a few seconds and needs only Python's minimal standard library.

It is copied to a host as one archive, listens, sends, prints its results as JSON, and removes itself.
"""
