"""Routed work: where jobs come in, and what is offered to whom."""
