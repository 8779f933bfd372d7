"""What only one mode does: `test_<mode>.py` is the one place outside its own file where a mode is named."""
