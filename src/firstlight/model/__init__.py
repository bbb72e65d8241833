"""Values that every room speaks of: batches and the tables in them, times."""
