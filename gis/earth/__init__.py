"""Know where on Earth a coordinate is, and how well: datums, geodesy, the law of a position."""
