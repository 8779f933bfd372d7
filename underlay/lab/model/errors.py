"""The lab's exception."""


class LabError(Exception):
    """`<where>: <what is wrong> (<what it is>); <remedy>`, on one line, for a person."""
