"""The live page: static files without a build step."""
