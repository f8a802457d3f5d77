"""The blob store: one Protocol, three stores, and every key that is ever written."""
