"""The people of the cases' tests, before a desk with duties."""

from tests.integration.cases.conftest import dispatched, people, service, store

__all__ = ["dispatched", "people", "service", "store"]
