"""The servers: sockets, limits, bodies, and the answers that every route gives alike. What is asked, others know."""
