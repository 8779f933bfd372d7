"""The nouns of a lab: its topology, what its things are called, where its files are, and its one exception."""
