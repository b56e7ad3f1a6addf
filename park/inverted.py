"""Which tags have a quantity, a kind of source, an enterprise, ...: by look-up instead of a walk over all tags."""

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from park.index import TagInfo

Positions = NDArray[np.intp]
_NONE = np.empty(0, dtype=np.intp)


class Column:
    """One property of every tag; a tag may answer to several names of it (``tank-1``, ``acme.tank-1``)."""

    def __init__(self, names: Sequence[tuple[Hashable, ...]]) -> None:
        found: dict[Hashable, list[int]] = {}
        for position, own in enumerate(names):
            for name in own:
                found.setdefault(name, []).append(position)
        self._at = {name: np.array(positions, dtype=np.intp) for name, positions in found.items()}
        self._size = len(names)

    def __contains__(self, name: object) -> bool:
        return name in self._at

    @property
    def names(self) -> list[Hashable]:
        """Every name that some tag answers to."""
        return list(self._at)

    def at(self, wanted: Iterable[Hashable]) -> Positions:
        """Positions of the tags that answer to any of these names, rising."""
        parts = [self._at[name] for name in wanted if name in self._at]
        if len(parts) <= 1:
            return parts[0] if parts else _NONE
        return np.unique(np.concatenate(parts))

    def mask(self, wanted: Iterable[Hashable]) -> NDArray[np.bool_]:
        """The same as a mask over all tags."""
        mask = np.zeros(self._size, dtype=np.bool_)
        mask[self.at(wanted)] = True
        return mask


class Inverted:
    """All columns by which rules select; positions are those in ``TagTable.infos``."""

    def __init__(self, infos: Sequence["TagInfo"]) -> None:
        self.size = len(infos)
        self.columns = {
            "quantity": Column([(info.tag.quantity,) for info in infos]),
            "source_kind": Column([(info.source.kind,) for info in infos]),
            "enterprise": Column([(info.enterprise,) for info in infos]),
            "source": Column([(info.source.id, info.source_id) for info in infos]),
            "tag": Column([(info.tag.id, info.id) for info in infos]),
            "grade": Column([(info.source.hazard.grade if info.source.hazard else None,) for info in infos]),
        }

    def pick(self, wanted: Iterable[tuple[str, Sequence[Hashable]]]) -> Positions:
        """Positions, rising, of the tags that answer to one of the names given for every column."""
        found = sorted(((self.columns[column].at(names), column, names) for column, names in wanted), key=_size)
        if not found:
            return np.arange(self.size, dtype=np.intp)
        picked = found[0][0]
        for others, column, names in found[1:]:
            if not len(picked):
                break
            picked = picked[_among(picked, others, self.columns[column], names)]
        return picked


def _size(one: tuple[Positions, str, Sequence[Hashable]]) -> int:
    return len(one[0])


def _among(few: Positions, many: Positions, column: Column, names: Sequence[Hashable]) -> NDArray[np.bool_]:
    if len(few) * 16 > len(many):
        return column.mask(names)[few]
    at = np.searchsorted(many, few)
    at[at == len(many)] = 0
    same: NDArray[np.bool_] = many[at] == few
    return same
