"""What is sent between hosts before anything is installed, and what the replies mean."""
