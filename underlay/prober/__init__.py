"""What runs on the hosts under test for a few seconds: Python's smallest standard library, and nothing of ours beside.

It is carried to a host as one archive, listens, sends, tells what it saw in JSON, and removes itself.
"""
