"""What a host can have, one kind per file; see `resource.Resource` for what a kind has to say of itself."""
