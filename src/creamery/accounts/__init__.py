"""People and what proves who they are: passwords, API tokens."""
