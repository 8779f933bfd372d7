"""Using artifacts: the catalog, the lock file, sources, and the shell that installs them on hosts."""
