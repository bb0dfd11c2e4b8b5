"""Name faults, keep text safe and write files whole: what knows nothing of places."""
