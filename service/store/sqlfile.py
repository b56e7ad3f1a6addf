"""SQL by name: ``.sql`` files whose sections begin with ``--> name``, read once, at import."""

import re
from functools import cache
from importlib.resources import files

_SECTION = re.compile(r"^--> *(\w+) *$", re.MULTILINE)


class UnknownQuery(KeyError):
    """No section of the ``.sql`` file has this name."""


class SqlFile:
    """The named statements of one file of ``service/store/sql``; ``SqlFile("alerts")["alert_by_id"]``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._statements = _sections(name)

    def __getitem__(self, statement: str) -> bytes:
        """Raises UnknownQuery."""
        try:
            return self._statements[statement]
        except KeyError:
            known = ", ".join(sorted(self._statements))
            raise UnknownQuery(f"{self.name}.sql has no {statement!r}; it has {known}") from None


@cache
def _sections(name: str) -> dict[str, bytes]:
    text = files("service.store").joinpath("sql", f"{name}.sql").read_text("utf-8")
    head, *parts = _SECTION.split(text)
    if any(line.strip() and not line.startswith("--") for line in head.splitlines()):
        raise ValueError(f"{name}.sql: SQL before the first '--> name'")
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{name}.sql: a name stands twice in {names}")
    return {one: body.strip().rstrip(";").encode() for one, body in zip(names, bodies, strict=True)}
