"""Measures Creamery against nginx with the same bytes and against other indexes, in one run."""
