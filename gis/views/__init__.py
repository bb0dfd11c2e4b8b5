"""Turn results into text and bytes; nothing is computed here."""
