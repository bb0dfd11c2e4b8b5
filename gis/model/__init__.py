"""Say what a project is, and how it changes."""
