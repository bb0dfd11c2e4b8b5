"""Compute results from a project: tables in, tables out, nothing shown or written."""
