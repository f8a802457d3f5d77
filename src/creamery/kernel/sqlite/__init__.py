"""SQLite as Django's database, for a file that somebody may take away."""
