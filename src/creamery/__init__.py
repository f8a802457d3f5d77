"""Creamery: the Python package index that anyone can run."""
