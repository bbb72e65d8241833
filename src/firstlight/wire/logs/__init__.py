"""Log records of any protocol, on their way to the columns of `model.tables.LOGS`."""
