"""TimescaleDB: what is written to it and how it is asked."""
