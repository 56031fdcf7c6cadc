"""How accounts and vendors do: facts, judged; samples kept for a day; what is tried by itself."""
