"""The kinds of host state, one per file; `resource.Resource` says what a kind implements."""
