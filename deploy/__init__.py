"""How it is run: the command line, the embedded database and broker, demo and benchmarks."""
