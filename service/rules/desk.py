"""What people ask of the rules while the service runs: look, try, change, confirm, read again, go back."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from typing import Any

import structlog

from connectors.base import IntakeRefused
from park.yamlfile import FileInvalid
from service.alerts.states import NotAllowed
from service.clock import Clock
from service.intake import JournalIntake
from service.pipeline import Pipeline
from service.rules.active import Standing, Status
from service.rules.compiled import compile_rules
from service.rules.files import RuleFile
from service.rules.plan import Plan, Trial, make_plan, try_out
from service.rules.versions import (
    Confirmation,
    RulesChange,
    RuleVersion,
    day_of,
    files_sha256,
    next_version,
    rule_sha256,
)

_log = structlog.get_logger(__name__)

#: The rules of the next day are made ready so long before midnight, and looked for so often.
_AHEAD_US = 15 * 60_000_000
_LOOK_EVERY_S = 60.0


class RuleDesk:
    """One change after the other. Reading, checking and compiling happen in a thread before the journal's row is
    written; at the row the pipeline only moves the state from the old engine into the one that is ready.
    """

    def __init__(
        self, pipeline: Pipeline, intake: JournalIntake, clock: Clock, configured: Callable[[], tuple[RuleFile, ...]]
    ) -> None:
        self._pipeline = pipeline
        self._intake = intake
        self._clock = clock
        self._configured = configured
        self._turn = asyncio.Lock()
        #: Why the configured files could not be taken when they were read again; empty: they could.
        self.refused = ""

    @property
    def version(self) -> RuleVersion:
        """In force."""
        return self._pipeline.rules.version

    @property
    def unstored(self) -> list[RuleVersion]:
        """Versions that the store does not have yet, oldest first."""
        return list(self._pipeline.unstored_versions)

    def standings(self) -> list[Standing]:
        """Every rule of the version in force: whether it is live today, and why."""
        return self._pipeline.rules.standings()

    async def try_out(self, files: tuple[RuleFile, ...]) -> tuple[Plan, Trial]:
        """What these files would change; nothing changes. Raises FileInvalid with all that is wrong."""
        change = RulesChange(id="", by="", reason="", files=files)
        plan = await self._plan(change)
        snapshot = self._pipeline.engine.snapshot()
        return plan, await asyncio.to_thread(try_out, plan.compiled, snapshot)

    async def apply(
        self, files: tuple[RuleFile, ...], *, by: str, reason: str, base: int | None = None, configured: str = ""
    ) -> tuple[Plan, RuleVersion]:
        """Put these files into force. Where they are in force already, nothing happens.

        ``base``: the version that whoever asks has seen. Raises FileInvalid, NotAllowed where another version is in
        force by now, IntakeRefused.
        """
        async with self._turn:
            if base is not None and base != self.version.number:
                raise NotAllowed(f"version {self.version.number} is in force by now, not {base}; look at it first")
            change = RulesChange(id=str(uuid.uuid4()), by=by, reason=reason, files=files, configured=configured)
            plan = await self._plan(change)
            if plan.version.sha256 == self.version.sha256 and not configured:
                return plan, self.version
            return plan, await self._change(change, plan)

    async def reload(self, *, by: str, reason: str) -> tuple[Plan, RuleVersion]:
        """Read the configured files again and put them into force. Raises FileInvalid, OSError, IntakeRefused."""
        try:
            files = await asyncio.to_thread(self._configured)
            configured = files_sha256(files)
            same = configured == self.version.sha256
            found = await self.apply(files, by=by, reason=reason, configured="" if same else configured)
        except (FileInvalid, OSError) as error:
            self.refused = str(error)
            raise
        self.refused = ""
        return found

    async def reload_quietly(self, *, by: str, reason: str) -> None:
        """The same for those who do not wait for an answer: what is wrong is logged, and told in the status."""
        try:
            _, version = await self.reload(by=by, reason=reason)
        except (FileInvalid, OSError, NotAllowed, IntakeRefused) as error:
            _log.error("The rules could not be read again; those in force stay.", reason=str(error))
        else:
            _log.info("The rules were read again.", version=version.number)

    async def confirm(self, rule_id: str, *, by: str, note: str) -> RuleVersion:
        """A named person answers for a rule's numbers. Raises NotAllowed, IntakeRefused, KeyError for no such rule."""
        async with self._turn:
            standing = next((one for one in self.standings() if one.rule.id == rule_id), None)
            if standing is None:
                raise KeyError(rule_id)
            rule = standing.rule
            if rule.is_confirmed:
                raise NotAllowed(f"rule {rule_id} needs no confirmation: its confidence is {rule.confidence}")
            if standing.confirmation is not None and standing.status is Status.LIVE:
                raise NotAllowed(f"rule {rule_id} has been confirmed by {standing.confirmation.by} as it is")
            given = Confirmation(rule=rule_id, sha256=rule_sha256(rule), by=by, note=note)
            reason = f"rule {rule_id} confirmed" + (f": {note}" if note else "")
            change = RulesChange(id=str(uuid.uuid4()), by=by, reason=reason, confirm=(given,))
            return await self._change(change, await self._plan(change))

    async def _plan(self, change: RulesChange) -> Plan:
        before, now_us = self.version, self._clock()
        after = next_version(before, change, now_us)
        return await asyncio.to_thread(make_plan, self._pipeline.tags, before, after, now_us)

    async def _change(self, change: RulesChange, plan: Plan) -> RuleVersion:
        rules = self._pipeline.rules
        rules.prepare(plan.compiled)
        row = await self._intake.change_rules(change)
        await self._pipeline.reached(row.position)
        outcome = rules.outcome(change.id)
        if isinstance(outcome, str):
            raise NotAllowed(f"the rules were not changed: {outcome}")
        return outcome

    async def run(self) -> None:
        """Make ready what midnight will bring, so that the first row of a day need not wait for it."""
        while True:
            with contextlib.suppress(FileInvalid):
                await self.look_ahead()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look_ahead(self) -> None:
        """Make ready what the day will bring that begins next, if it begins soon."""
        rules = self._pipeline.rules
        day, version = day_of(self._clock() + _AHEAD_US), self.version
        if day != rules.day and rules.lacks(version, day):
            rules.prepare(await asyncio.to_thread(compile_rules, self._pipeline.tags, version, day))

    # -- what it says of itself ----------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """For `service.api.view.ServiceView.status`."""
        rules = self._pipeline.rules
        swap = rules.last_swap
        count = rules.count()
        return {
            "version": rules.version.number,
            "sha256": rules.version.sha256,
            "live": count.get(Status.LIVE, 0),
            "inactive": sum(count.values()) - count.get(Status.LIVE, 0),
            "unconfirmed": count.get(Status.UNCONFIRMED, 0),
            "changes": rules.swaps,
            "pause_ms": round(swap.pause_ms, 2) if swap else None,
            "worst_pause_ms": round(rules.worst_pause_ms, 2),
        }

    def problems(self) -> list[str]:
        """Sentences for the list of problems."""
        found = [f"rule {rule} is not live: {why}" for rule, why in self._pipeline.rules.compiled.broken.items()]
        if self.refused:
            first = self.refused.partition("\n")[0]
            found.append(f"the configured rules cannot be taken, those before stay in force: {first}")
        return found
