"""A person's own account: log-in, log-out, API tokens."""
