"""The language of conditions: text to a tree, checked against the park, compiled to numpy over all sources at once."""
