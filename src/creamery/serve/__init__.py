"""The read path: prepared bytes to installers, mirrors and browsers. No Django, no database."""
