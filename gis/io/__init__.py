"""Open any foreign file by one set of readers, for every command."""
