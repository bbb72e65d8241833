"""What was stored, asked for: one door that all queries go through, and the languages they are asked in."""
