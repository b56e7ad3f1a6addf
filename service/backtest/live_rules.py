"""The rules that are live, as somebody outside the service finds them: in its database, else in its configuration."""

from datetime import date

import psycopg

from rules.spec import RuleSet
from service.config import Config
from service.rules.active import Status
from service.rules.compiled import standings_on
from service.rules.files import read_rule_files
from service.rules.versions import RuleVersion, first_version
from service.store.rule_versions import version_of
from service.store.sqlfile import SqlFile

_NEWEST = SqlFile("backtest")["newest_rules"]
#: Dates of validity are looked at day by day while history is played.
_TRIED = frozenset({Status.LIVE, Status.NOT_YET, Status.NO_LONGER})


def live_rules(config: Config, today: date) -> RuleSet:
    """Those of the newest version in the store that are confirmed; where it has none, of the configured files.

    Raises psycopg.OperationalError, FileInvalid and OSError.
    """
    version = _stored(config) or first_version(read_rule_files(config.rules)).version
    return RuleSet(rules=tuple(one.rule for one in standings_on(version, today) if one.status in _TRIED))


def _stored(config: Config) -> RuleVersion | None:
    try:
        dsn = config.database.dsn()
    except ValueError:  # none is configured
        return None
    with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
        try:
            row = connection.execute(_NEWEST).fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return version_of(row[0]) if row else None
