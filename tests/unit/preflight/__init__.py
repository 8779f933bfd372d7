"""What is sent between hosts before anything is installed."""
