"""What this machine's Debian configuration says."""
