"""The park's tags as arrays, addressed by a small integer that never changes its meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from park.inverted import Inverted
from park.model import From, Level, Park, Source, Tag

#: Columns of every per-level array, from the lowest limit to the highest.
LEVELS: tuple[Level, ...] = tuple(Level)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagInfo:
    """One tag and where it belongs."""

    ix: int
    #: ``enterprise.source.tag``
    id: str
    #: Id of the enterprise, or of the park for shared sources.
    enterprise: str
    source: Source
    tag: Tag
    from_: From | None

    @property
    def source_id(self) -> str:
        """``enterprise.source``"""
        return f"{self.enterprise}.{self.source.id}"

    @property
    def address(self) -> str:
        """What the connector looks the tag up by."""
        return (self.from_.address if self.from_ else None) or self.tag.id

    @property
    def device(self) -> str:
        """``connector`` or ``connector/device``: what falls silent as one. Empty where the tag has no connector."""
        if self.from_ is None:
            return ""
        return f"{self.from_.connector}/{self.from_.device}" if self.from_.device else self.from_.connector


def _merge(source: From | None, tag: From | None) -> From | None:
    if source is None or tag is None:
        return tag or source
    if tag.connector != source.connector:
        return tag  # the source's device stands behind another connector
    return From(connector=tag.connector, device=tag.device or source.device, address=tag.address)


class TagTable:
    """All tags of a park by index, id and connector. Immutable.

    ``ix_of`` gives known tags the index they have always had (the journal's registry, append-only); tags it does
    not know, and all tags where it is None, are numbered on in file order. Indices of tags that have left the
    park stay unused, so arrays by index have ``size`` entries, of which `len(table)` are in use.
    """

    def __init__(self, park: Park, ix_of: Mapping[str, int] | None = None) -> None:
        self.park = park
        known = dict(ix_of or {})
        fresh = max(known.values(), default=-1) + 1
        infos: list[TagInfo] = []
        for owner, source, tag in park.tags():
            tag_id = f"{owner}.{source.id}.{tag.id}"
            ix = known.get(tag_id)
            if ix is None:
                ix, fresh = fresh, fresh + 1
            infos.append(
                TagInfo(
                    ix=ix, id=tag_id, enterprise=owner, source=source, tag=tag, from_=_merge(source.from_, tag.from_)
                )
            )
        self.infos: tuple[TagInfo, ...] = tuple(infos)
        self.size = max(fresh, max((info.ix for info in infos), default=-1) + 1)
        self._by_id = {info.id: info for info in infos}
        self._by_ix = {info.ix: info for info in infos}

    def __len__(self) -> int:
        return len(self.infos)

    def by_id(self, tag_id: str) -> TagInfo | None:
        """The tag with this full id, or None."""
        return self._by_id.get(tag_id)

    def by_ix(self, ix: int) -> TagInfo | None:
        """The tag with this index, or None."""
        return self._by_ix.get(ix)

    def of_connector(self, connector: str) -> list[TagInfo]:
        """The tags that this connector is to bring, in file order."""
        return [info for info in self.infos if info.from_ is not None and info.from_.connector == connector]

    @cached_property
    def inverted(self) -> Inverted:
        """Finds tags by quantity, source, ...; positions are those in ``infos``."""
        return Inverted(self.infos)

    @cached_property
    def ix_of(self) -> dict[str, int]:
        """Full id -> index of the tags in use."""
        return {info.id: info.ix for info in self.infos}

    @cached_property
    def in_use(self) -> NDArray[np.bool_]:
        """``(size,)``: True where an index belongs to a tag of this park."""
        mask = np.zeros(self.size, dtype=np.bool_)
        mask[[info.ix for info in self.infos]] = True
        return mask
