"""One module a resource of ``/api/v1``, each with a ``router``."""
