"""What answers of several dialects share: questions as forms, answers in pieces."""
