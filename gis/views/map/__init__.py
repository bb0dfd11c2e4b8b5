"""Draw results as one HTML file that works by double-click, with no network."""
