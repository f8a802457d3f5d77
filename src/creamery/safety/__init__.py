"""What an index does against harm: forbidden names, and names that are taken for others."""
