"""The report of a verification: the document, the page and pictures made of it, and the differences between two."""
