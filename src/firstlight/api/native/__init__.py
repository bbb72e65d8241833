"""Our own API, under `/api/firstlight/v1`."""
