"""What applications import. It needs nothing but the standard library, and never a part of the server."""
