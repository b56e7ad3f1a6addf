"""The page: Vue and TypeScript in ``src``; ``make setup`` builds ``dist``, which `service.api.page` serves."""
