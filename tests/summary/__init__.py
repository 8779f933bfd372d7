"""What a run of all tests came to, on one screen: each part leaves a record, and the last command prints them."""
