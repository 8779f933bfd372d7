"""Real programs that stand in for a site's, as ordinary processes of a test."""

# Of a run that was killed they would go on, and the next run find its port taken, or take them for its own.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM")
