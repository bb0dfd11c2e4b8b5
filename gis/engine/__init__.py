"""Count and find points in zones of any size; nothing here knows a project."""
