"""Discovery: where the targets of a job come from, one module for each kind."""
