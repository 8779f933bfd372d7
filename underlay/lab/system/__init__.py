"""This machine, as the lab uses it: its facts, its commands, locks between processes, progress for a person."""
