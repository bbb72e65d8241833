"""The sender: a process of its own, so that its CPU time is not the server's."""
