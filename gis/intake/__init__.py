"""Bring foreign files in: read them, understand them, and hand over checked layers."""
