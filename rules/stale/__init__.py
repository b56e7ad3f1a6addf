"""What kind ``stale`` is made of: groups of tags that fall silent together, their alerts, their state."""
