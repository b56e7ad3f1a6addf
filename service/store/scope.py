"""Who may see what: all of the park, or one enterprise and what the park shares with everyone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A mandatory first argument of every query of enterprise data. Build it by `everything` or `only`."""

    #: The enterprises that are seen; the park's own id stands for the shared sources. None: all of them.
    enterprises: frozenset[str] | None
    #: The enterprise that acts. None: the park itself, which may act on everything.
    own: str | None

    @classmethod
    def everything(cls) -> "Scope":
        """The park's own control room."""
        return cls(enterprises=None, own=None)

    @classmethod
    def only(cls, enterprise: str, *, park: str) -> "Scope":
        """One enterprise, and the sources that the park shares."""
        return cls(enterprises=frozenset({enterprise, park}), own=enterprise)

    @property
    def is_everything(self) -> bool:
        """True where nothing is hidden."""
        return self.enterprises is None

    def sees(self, enterprise: str) -> bool:
        """True where this enterprise's data may be read. What belongs to nobody ("") only the park sees."""
        return self.enterprises is None or enterprise in self.enterprises

    def may_act_on(self, enterprise: str) -> bool:
        """True where its alerts may be acknowledged: reading shared alerts is everyone's, silencing them the park's."""
        return self.own is None or enterprise == self.own

    @property
    def setting(self) -> str:
        """For ``parkwatch.visible``, which the database's own isolation reads (migration 0011)."""
        return "*" if self.enterprises is None else ",".join(sorted(self.enterprises))

    @property
    def parameter(self) -> list[str] | None:
        """For ``%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s)``."""
        return None if self.enterprises is None else sorted(self.enterprises)
