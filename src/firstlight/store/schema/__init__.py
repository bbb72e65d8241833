"""The numbered migrations: `NNNN_name.sql`, applied in order, each once, never changed after a release."""
