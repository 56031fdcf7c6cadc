"""What several nodes on one PostgreSQL database ask of it."""
