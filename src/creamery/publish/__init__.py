"""What readers fetch, built from the record: documents that are written when something changes."""
