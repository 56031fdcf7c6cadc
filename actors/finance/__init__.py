"""What a company owes and is owed, in no vendor's words: pure, but for the projector."""
