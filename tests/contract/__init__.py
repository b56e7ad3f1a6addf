"""One suite that every implementation of an interface passes."""
