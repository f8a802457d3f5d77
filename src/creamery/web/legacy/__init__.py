"""Interfaces without a standard that tools still use: XML-RPC, single releases of the JSON API, old addresses."""
