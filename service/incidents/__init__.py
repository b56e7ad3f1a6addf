"""What happened around a moment: every record of it in one order, and the trends beside it."""
