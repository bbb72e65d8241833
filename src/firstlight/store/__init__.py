"""Everything that speaks to ClickHouse: the engine and its schema, the group-commit writer, retention."""
