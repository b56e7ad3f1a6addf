"""Versions of the rules: what was live when, who put it there and why; and the wish that makes a new one."""

import hashlib
from datetime import date

import msgspec

from rules.spec import AnyRule
from service.rules.files import RuleFile

_DAY_US = 86_400_000_000
_UTC8_US = 8 * 3_600_000_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """A named person has held a rule's numbers against the standard and answers for them."""

    rule: str
    #: Of the rule as it was confirmed (`rule_sha256`): a changed rule needs a new confirmation.
    sha256: str
    by: str
    note: str = ""
    #: When the journal took it; given by the fold.
    at_us: int = 0


class RulesChange(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks of the rules; travels through the journal, so that a replay makes the same change."""

    #: UUID.
    id: str
    by: str
    reason: str
    #: All files of the new rules; None: they stay as they are.
    files: tuple[RuleFile, ...] | None = None
    confirm: tuple[Confirmation, ...] = ()
    #: SHA-256 of the configured files, where it is these that were read again.
    configured: str = ""


class RuleVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One set of rules that was live."""

    #: 1, 2, 3, ... within a journal.
    number: int
    #: From when on; None until the first row under it tells.
    at_us: int | None
    author: str
    reason: str
    #: Of all files, names included.
    sha256: str
    files: tuple[RuleFile, ...]
    confirmations: tuple[Confirmation, ...] = ()
    #: What lost its state when it came into force, in words.
    notes: tuple[str, ...] = ()


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint holds of the rules."""

    version: RuleVersion
    #: SHA-256 of the configured files as they were last taken into force: when these change, they are taken again.
    configured: str
    #: Versions that the store did not have yet.
    unstored: tuple[RuleVersion, ...] = ()

    def with_files(self, files: tuple[RuleFile, ...]) -> "InForce":
        """The configured files are others than they were when the service ran last."""
        reason = "the configured files have changed"
        change = RulesChange(id="", by="configuration", reason=reason, files=files)
        version = next_version(self.version, change, None)
        return InForce(version=version, configured=version.sha256, unstored=self.unstored)


def files_sha256(files: tuple[RuleFile, ...]) -> str:
    """Of names and texts."""
    digest = hashlib.sha256()
    for file in files:
        for part in (file.name, file.text):
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def rule_sha256(rule: AnyRule) -> str:
    """Of what the rule says. Who has confirmed it is no part of that; neither are defaults, which a file leaves out."""
    said = rule.model_dump(mode="json", exclude_defaults=True, exclude={"confirmed_by"})
    body = msgspec.json.encode({"kind": rule.kind, **said}, order="deterministic")
    return hashlib.sha256(body).hexdigest()


def first_version(files: tuple[RuleFile, ...]) -> InForce:
    """What is live when a service starts for the first time."""
    sha256 = files_sha256(files)
    version = RuleVersion(
        number=1, at_us=None, author="configuration", reason="first start", sha256=sha256, files=files
    )
    return InForce(version=version, configured=sha256)


def next_version(before: RuleVersion, change: RulesChange, at_us: int | None) -> RuleVersion:
    """The version that a change makes of the one before it."""
    files = before.files if change.files is None else change.files
    kept = {one.rule: one for one in before.confirmations}
    kept |= {one.rule: msgspec.structs.replace(one, at_us=at_us or 0) for one in change.confirm}
    return RuleVersion(
        number=before.number + 1,
        at_us=at_us,
        author=change.by,
        reason=change.reason,
        sha256=before.sha256 if change.files is None else files_sha256(files),
        files=files,
        confirmations=tuple(kept[rule] for rule in sorted(kept)),
    )


def day_of(now_us: int) -> date:
    """The day of fixed UTC+08:00 that a moment belongs to."""
    return date.fromordinal(_EPOCH_DAY + (now_us + _UTC8_US) // _DAY_US)
