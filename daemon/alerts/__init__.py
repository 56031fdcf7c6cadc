"""What somebody should know: raised and resolved once each, kept, and told until it is taken."""
