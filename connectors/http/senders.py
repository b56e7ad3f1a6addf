"""Which tags a key may push, and by which names: for one at a time, and for a whole column of names."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from connectors.codecs.names import Names
from connectors.http.faults import CODE
from park.index import TagTable

#: So many different wrong names of one request are explained; what is beyond counts as unknown.
_MOST_EXPLAINED = 10_000


class _ParkNames(Names):
    """Of a key for the whole park: the full id, or any shorter name that only one tag has."""

    def why_not(self, name: str) -> tuple[str, str]:
        """See `Names`."""
        reason, detail = super().why_not(name)
        if reason == "unknown_tag":
            return reason, f"the park has no tag {name[:80]!r}; write enterprise.source.tag as in the park file"
        return reason, detail


class Allowed:
    """The tags that one enterprise, or the whole park, may push through these connectors."""

    def __init__(self, names: Names, tags: TagTable) -> None:
        self.names = names
        self.tags = tags

    @cached_property
    def _texts(self) -> pa.Array:
        return pa.array(list(self.names.known), pa.string())

    @cached_property
    def _ix(self) -> NDArray[np.int32]:
        return np.array([target.ix for target in self.names.known.values()] or [-1], np.int32)

    @cached_property
    def discrete(self) -> NDArray[np.bool_]:
        """By tag index: whether true and false are values."""
        flags = np.zeros(self.tags.size + 1, np.bool_)
        flags[[info.ix for info in self.tags.infos if info.tag.discrete]] = True
        return flags

    def find(self, column: pa.Array) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """(tag index, fault) of every name in a dictionary-encoded column; the index is -1 where there is a fault."""
        # Names may be all different and all wrong: looked up in one go, and explained one by one up to a limit.
        place = pc.fill_null(pc.index_in(column.dictionary, value_set=self._texts), -1).to_numpy(zero_copy_only=False)
        ix = np.where(place >= 0, self._ix[place], np.int32(-1)).astype(np.int32)
        fault = np.where(place >= 0, 0, CODE["unknown_tag"]).astype(np.uint8)
        for wrong in np.flatnonzero(place < 0)[:_MOST_EXPLAINED].tolist():
            name = column.dictionary[wrong].as_py()
            fault[wrong] = CODE[self.names.why_not(name)[0]] if name is not None else CODE["unknown_tag"]
        codes = pc.fill_null(column.indices, len(ix)).to_numpy(zero_copy_only=False)
        ix = np.append(ix, np.int32(-1))
        fault = np.append(fault, np.uint8(CODE["unknown_tag"]))
        return ix[codes], fault[codes]


def allowed(tags: TagTable, connectors: Iterable[str], enterprise: str | None) -> Allowed:
    """``enterprise``: whose key it is; None: the whole park's."""
    through = frozenset(connectors)
    enterprises = frozenset(owner for owner, _ in tags.park.owners())
    if enterprise is None:
        whole = _ParkNames(enterprise=tags.park.id, connector=through, infos=tags.infos, enterprises=frozenset())
        return Allowed(whole, tags)
    mine = [info for info in tags.infos if info.enterprise == enterprise]
    return Allowed(Names(enterprise=enterprise, connector=through, infos=mine, enterprises=enterprises), tags)
