"""The vocabulary all share: the park model, tags, quality, units, sample batches. No I/O."""
