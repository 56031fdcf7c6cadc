"""Routed work, as far as nothing has to be called for it: what a job must say, and what became of it."""
