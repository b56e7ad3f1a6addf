"""The streaming rule engine: arithmetic on arrays, no I/O, and no clock but the one it is handed."""
