"""The modes of the pod network: one file per mode; the folder is the registry (`registry.modes`)."""
