"""The pictures of the documents: what each kind of rule does, drawn from the engine's own output. ``make pictures``."""
