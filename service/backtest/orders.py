"""What a backtest in a process of its own is told: plain data in one file, nothing of this process."""

from pathlib import Path
from typing import Any

import msgspec

from park.index import TagTable
from park.model import Park
from rules.kpi.figures import KpiNorms
from rules.spec import RuleSet
from service.backtest.job import Job, wanted_tags
from service.backtest.run import TICK_US
from service.backtest.stored import StoredSamples
from service.rules.files import RuleFile, load_rules
from service.store.samples import Span
from service.store.scope import Scope

ORDER, TOLD, RESULT = "order.json", "transitions.jsonl", "result.json"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One backtest over stored samples of the whole park."""

    park: str
    rules: str
    #: The rules that are live; None: they are not compared.
    live: str | None
    norms: str
    from_us: int
    to_us: int
    #: Only samples of these: ``acme``, ``acme.tank-1``, ``acme.tank-1.LT``. Empty: of all.
    tags: tuple[str, ...] = ()
    tick_us: int = TICK_US
    settle_us: int = 0

    @staticmethod
    def of(park: Park, rules: str, live: RuleSet | None, norms: KpiNorms, **asked: Any) -> "Order":
        """Takes a while for a large park: any thread may do it."""
        return Order(
            park=park.model_dump_json(by_alias=True, exclude_defaults=True),
            rules=rules,
            live=None if live is None else _rules_json(live),
            norms=norms.model_dump_json(),
            **asked,
        )

    def write(self, directory: Path) -> None:
        """To be found by `read`."""
        (directory / ORDER).write_bytes(msgspec.json.encode(self))

    @staticmethod
    def read(directory: Path) -> "Order":
        """The inverse."""
        return msgspec.json.decode((directory / ORDER).read_bytes(), type=Order)

    def job(self) -> Job:
        """Raises FileInvalid."""
        return Job(
            tags=TagTable(Park.model_validate_json(self.park)),
            rules=load_rules((rule_file(self.rules),)).rules,
            against=None if self.live is None else RuleSet.model_validate_json(self.live),
            from_us=self.from_us,
            to_us=self.to_us,
            tick_us=self.tick_us,
            settle_us=self.settle_us,
            norms=KpiNorms.model_validate_json(self.norms),
        )

    def samples(self, job: Job, dsn: str) -> StoredSamples:
        """Those that the rules may look at."""
        rules = [job.rules, *([job.against] if job.against else [])]
        wanted = [one for one in wanted_tags(job.tags, *rules) if not self.tags or _within(one, self.tags)]
        span = Span(from_us=self.from_us, to_us=self.to_us)
        return StoredSamples(dsn, Scope.everything(), job.tags, wanted, span)


def rule_file(text: str) -> RuleFile:
    """As messages name it."""
    return RuleFile(name="rules", text=text)


def _rules_json(rules: RuleSet) -> str:
    # ``kind`` tells which rule it is, though it be a default.
    several = [{"kind": one.kind, **one.model_dump(mode="json", exclude_defaults=True)} for one in rules.rules]
    return msgspec.json.encode({"rules": several}).decode()


def _within(tag_id: str, parts: tuple[str, ...]) -> bool:
    return any(tag_id == part or tag_id.startswith(f"{part}.") for part in parts)
