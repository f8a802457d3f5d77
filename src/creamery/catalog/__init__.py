"""The record of what exists: indexes, projects, releases, files, who may do what with them, and the serial of every change."""
