"""The one-time link by which the first administrator comes into being."""
