"""What each account's actor did, and why, for whoever looks into it later."""
