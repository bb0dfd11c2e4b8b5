"""Hold files that are broken in every way that comes to mind, made by `make`."""
