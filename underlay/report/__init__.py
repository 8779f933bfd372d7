"""What a verification found: the document, the page and the pictures made of it, and what differs between two."""
