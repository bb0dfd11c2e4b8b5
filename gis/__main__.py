"""Run the command line by `python -m gis`."""

from gis.cli import main

main()
