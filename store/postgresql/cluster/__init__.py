"""What several nodes on one PostgreSQL database ask of it, and tell each other through it."""
