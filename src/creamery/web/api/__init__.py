"""The management API: what pages show and do, for programs with a token."""
