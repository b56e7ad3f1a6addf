"""What is wrong with rules, or odd about them, in the light of a park: one module a subject."""
