"""How pods talk: one file per mode; the folder is the registry (`registry.modes`)."""
