"""Finds the tags that rules name: of the same source, enterprise, or the park's shared sources; never of others."""

from park.index import TagInfo, TagTable


class Refs:
    """Names as in `rules.spec.TagRef`, looked up from where a rule is applied."""

    def __init__(self, tags: TagTable) -> None:
        self._by_id = {info.id: info for info in tags.infos}
        self._park = tags.park.id

    def tag(self, ref: str, enterprise: str, source: str) -> TagInfo | None:
        """The tag that ``ref`` names, seen from a source (its id alone) of an enterprise; None where there is none."""
        parts = ref.split(".")
        if len(parts) == 1:
            return self._by_id.get(f"{enterprise}.{source}.{ref}")
        if len(parts) == 2:
            return self._by_id.get(f"{enterprise}.{ref}") or self._by_id.get(f"{self._park}.{ref}")
        return self._by_id.get(ref) if parts[0] in (enterprise, self._park) else None
