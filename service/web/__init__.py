"""The page: Vue and TypeScript in ``src``, built into ``dist`` by ``make setup``; `service.api.page` serves ``dist``."""
