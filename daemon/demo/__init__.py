"""The demo: a daemon and a stand-in for its vendor, put through their paces while you watch."""
