"""The one exception a person is meant to read."""


class LabError(Exception):
    """Something the lab needs is missing or failed; the text is one sentence for a person, with the remedy."""
