"""A small shop that misbehaves on schedule, to have something real to look at: `firstlight demo`."""
