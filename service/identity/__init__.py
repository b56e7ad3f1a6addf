"""Who people and machines are, and what they may do."""
