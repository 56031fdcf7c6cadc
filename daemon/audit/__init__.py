"""Who had what done: written down for good, with no secret in it."""
