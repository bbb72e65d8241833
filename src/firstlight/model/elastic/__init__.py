"""What is known of indices as Elasticsearch has them: names, fields and their kinds, all of it values."""
