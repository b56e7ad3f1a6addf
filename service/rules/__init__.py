"""Rule files: loading, what of them is live, versions, and changing them while the service runs."""
