"""Which tags a sender may name, and by which names."""

from collections.abc import Iterable
from typing import NamedTuple

from park.index import TagInfo, TagTable


class Target(NamedTuple):
    """A tag as a codec needs it."""

    ix: int
    #: The tag's own unit: what values are stored in.
    unit: str
    #: True: the value may be a JSON true or false.
    discrete: bool


class Names:
    """The tags that one enterprise may send through one connector, or through any of several.

    A tag is called ``source.tag``, by its full id ``enterprise.source.tag``, or by the ``address`` its ``from`` gives,
    where no other tag of that enterprise and connector has that name.
    """

    def __init__(
        self,
        *,
        enterprise: str,
        connector: str | frozenset[str],
        infos: Iterable[TagInfo],
        enterprises: frozenset[str],
    ) -> None:
        self.enterprise = enterprise
        self._connectors = frozenset({connector}) if isinstance(connector, str) else connector
        self._enterprises = enterprises
        #: Looked up once a sample; `why_not` explains what is not in it.
        self.known: dict[str, Target] = {}
        #: Those tags themselves, for payloads that name devices.
        self.infos: list[TagInfo] = []
        self._owners: dict[str, set[str]] = {}
        self._of_others: dict[str, str] = {}
        for info in infos:
            self._admit(info)
        for name, owners in self._owners.items():
            if len(owners) > 1:
                del self.known[name]

    def _admit(self, info: TagInfo) -> None:
        names = {info.id, f"{info.source.id}.{info.tag.id}"}
        if info.from_ is None or info.from_.connector not in self._connectors:
            of = info.from_.connector if info.from_ else "no connector"
            self._of_others.update(dict.fromkeys(names, of))
            return
        self.infos.append(info)
        if info.from_.address:
            names.add(info.from_.address)
        target = Target(ix=info.ix, unit=info.tag.unit, discrete=info.tag.discrete)
        for name in names:
            self.known[name] = target
            self._owners.setdefault(name, set()).add(info.id)

    def why_not(self, name: str) -> tuple[str, str]:
        """(reason, detail) for a name that is not in ``known``."""
        parts = name.split(".")
        if len(parts) == 3 and parts[0] != self.enterprise and parts[0] in self._enterprises:
            # The same answer whether that enterprise has such a tag or not: a sender must not be able to find out.
            return "foreign_tag", f"{_shown(name)} belongs to {parts[0]}, not to {self.enterprise}"
        if name in self._owners:
            these = ", ".join(sorted(self._owners[name]))
            return "ambiguous_tag", f"{_shown(name)} may be any of {these}; send the full id"
        if name in self._of_others:
            other = self._of_others[name]
            these = " or ".join(sorted(self._connectors))
            return "wrong_connector", f"{_shown(name)} comes from {other} in the park file, not from {these}"
        return "unknown_tag", f"{self.enterprise} has no tag {_shown(name)}; write source.tag as in the park file"


def names_by_enterprise(tags: TagTable, connector: str) -> dict[str, Names]:
    """What each enterprise (and the park itself, for shared sources) may send through ``connector``."""
    infos: dict[str, list[TagInfo]] = {owner: [] for owner, _ in tags.park.owners()}
    for info in tags.infos:
        infos[info.enterprise].append(info)
    enterprises = frozenset(infos)
    return {
        owner: Names(enterprise=owner, connector=connector, infos=mine, enterprises=enterprises)
        for owner, mine in infos.items()
    }


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else name[:80] + "…")
