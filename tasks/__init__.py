"""The phases of a deploy, one file each, in the order that `deploy.py` lists."""
