"""The shapes of answers and requests about rules."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.api.models import Next, Time

_Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000, pattern="^[^\\x00]*$")]
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100, pattern="^[^\\x00]*$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RuleShape(_Shape):
    """One rule, and whether it is live today."""

    id: str = Field(examples=["gas-level"])
    kind: str = Field(examples=["limit"])
    name: str = Field(examples=["可燃气体报警"])
    status: Literal["live", "unconfirmed", "not_yet", "no_longer", "broken"]
    live: bool
    why: str = Field(description="Why it is live, or why not", examples=["secondary, confirmed by Li Wei"])
    confidence: Literal["site", "read", "secondary", "unverified"]
    confirmed_by: str = Field(description="Who answers for its numbers; empty: nobody has to, or nobody does")
    confirmed: Time | None = Field(description="When that was said; null where the rule file says it")
    standard: str = Field(examples=["GB/T 50493-2019"])
    clause: str = Field(examples=["5.5.2"])
    valid_from: str | None = Field(description="First day, UTC+08:00", examples=["2025-06-01"])
    valid_to: str | None = Field(description="Last day, UTC+08:00")
    guidance: str
    tags: int = Field(description="Tags that it picks", examples=[24])
    file: str = Field(description="Where it stands; empty for a default rule", examples=["deploy/rules/gas.yaml"])
    line: int = Field(examples=[12])
    sha256: str = Field(description="Of what it says; a confirmation is of this")
    rule: dict[str, Any] = Field(description="All that it says", examples=[{"id": "gas-level", "kind": "limit"}])


class Rules(_Shape):
    """All rules of the version in force."""

    version: int = Field(examples=[7])
    sha256: str
    items: list[RuleShape]


class RuleFileShape(_Shape):
    """One file."""

    name: str = Field(max_length=200, min_length=1, examples=["site.yaml"])
    text: str = Field(max_length=16_000_000, examples=["rules:\n  - {id: tag-limits, kind: limit}\n"])


class RulesBody(_Shape):
    """Other rules: either all their files, or the number of a version to go back to."""

    files: list[RuleFileShape] | None = Field(default=None, min_length=1)
    version: int | None = Field(default=None, ge=1, description="Go back to this version", examples=[None])
    author: _Name | None = Field(default=None, description="Who; the key's name if not given", examples=["Li Wei"])
    reason: _Words = Field(min_length=1, examples=["H of tank 7 after the revision of 2026-11"])
    base: int | None = Field(
        default=None, description="The version you saw: refused where another is in force by now", examples=[6]
    )
    dry_run: bool = Field(default=False, description="Only tell what would change")


class ReloadBody(_Shape):
    """The configured files are read again."""

    author: _Name | None = Field(default=None, description="Who; the key's name if not given", examples=["Li Wei"])
    reason: _Words = Field(default="configured files read again", min_length=1)


class ConfirmBody(_Shape):
    """A named person has held the rule's numbers against the standard."""

    by: _Name = Field(description="Who answers for the numbers", examples=["Li Wei"])
    note: _Words = Field(default="", examples=["GB/T 50493-2019, page 14"])


class ProblemShape(_Shape):
    """Something odd about a rule, and where."""

    file: str
    line: int = Field(examples=[12])
    column: int = Field(examples=[9])
    message: str


class RulesOutcome(_Shape):
    """What a change did, or would do."""

    dry_run: bool
    version: int | None = Field(description="In force now; null for a dry run", examples=[8])
    sha256: str
    added: list[str]
    removed: list[str]
    changed: dict[str, list[str]] = Field(description="Rule to the names of the fields that differ")
    unchanged: int = Field(examples=[412])
    notes: list[str] = Field(description="What loses its state, in words")
    at_once: dict[str, dict[str, int]] | None = Field(
        description="Dry run: alerts that would begin, end or move at once, by rule and change; null otherwise",
        examples=[{"tag-limits": {"raised": 2}}],
    )
    warnings: list[ProblemShape]


class VersionHead(_Shape):
    """A version without its files."""

    number: int = Field(examples=[7])
    at: Time | None = Field(description="In force from then on; null: from the next row on")
    author: str = Field(examples=["Li Wei (key control-room)"])
    reason: str
    sha256: str


class Versions(_Shape):
    """Newest first."""

    items: list[VersionHead]
    next: Next
    complete: bool = Field(description="False: the store does not answer; only versions still in memory are here")


class ConfirmationShape(_Shape):
    """Who answers for which rule."""

    rule: str
    sha256: str
    by: str
    note: str
    at: Time


class VersionShape(VersionHead):
    """A version in full."""

    files: list[RuleFileShape]
    confirmations: list[ConfirmationShape]
    notes: list[str] = Field(description="What lost its state when it came into force")
