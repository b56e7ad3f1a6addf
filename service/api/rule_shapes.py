"""Rules and their versions as plain data."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from park.index import TagTable
from park.yamlfile import Problem as FileProblem
from service.api.times import rfc3339
from service.rules.active import Standing
from service.rules.files import rules_of
from service.rules.plan import Plan, Trial
from service.rules.versions import RuleVersion, rule_sha256
from service.store.rule_versions import StoredVersion


def rule_shapes(tags: TagTable, version: RuleVersion, found: Sequence[Standing]) -> list[dict[str, Any]]:
    """As `RuleShape`; thousands of rules take a while."""
    lines = rules_of(version.files).lines
    return [_rule(tags, lines.get(one.rule.id, ("", 0)), one) for one in found]


def _rule(tags: TagTable, place: tuple[str, int], one: Standing) -> dict[str, Any]:
    rule, given = one.rule, one.confirmation
    return {
        "id": rule.id,
        "kind": rule.kind,
        "name": rule.name,
        "status": one.status.value,
        "live": one.is_live,
        "why": one.why,
        "confidence": rule.confidence,
        "confirmed_by": given.by if given else rule.confirmed_by,
        "confirmed": rfc3339(given.at_us) if given else None,
        "standard": rule.standard,
        "clause": rule.clause,
        "valid_from": rule.valid_from.isoformat() if rule.valid_from else None,
        "valid_to": rule.valid_to.isoformat() if rule.valid_to else None,
        "guidance": rule.guidance,
        "tags": len(rule.applies_to.positions(tags)),
        "file": place[0],
        "line": place[1],
        "sha256": rule_sha256(rule),
        "rule": {"kind": rule.kind, **rule.model_dump(mode="json", exclude_defaults=True)},
    }


def outcome_shape(plan: Plan, version: RuleVersion | None, trial: Trial | None) -> dict[str, Any]:
    """As `RulesOutcome`."""
    notes = trial.notes if trial is not None else version.notes if version is not None else ()
    return {
        "dry_run": trial is not None,
        "version": version.number if version is not None else None,
        "sha256": plan.version.sha256,
        "added": plan.difference.added,
        "removed": plan.difference.removed,
        "changed": {rule: list(fields) for rule, fields in plan.difference.changed.items()},
        "unchanged": plan.difference.unchanged,
        "notes": notes,
        "at_once": trial.told if trial is not None else None,
        "warnings": [problem_shape(one) for one in plan.warnings],
    }


def problem_shape(problem: FileProblem) -> dict[str, Any]:
    """As `ProblemShape`."""
    return asdict(problem)


def version_head(version: RuleVersion | StoredVersion) -> dict[str, Any]:
    """As `VersionHead`."""
    return {
        "number": version.number,
        "at": rfc3339(version.at_us) if version.at_us is not None else None,
        "author": version.author,
        "reason": version.reason,
        "sha256": version.sha256,
    }


def version_shape(version: RuleVersion) -> dict[str, Any]:
    """As `VersionShape`."""
    return {
        **version_head(version),
        "files": [{"name": file.name, "text": file.text} for file in version.files],
        "confirmations": [
            {"rule": one.rule, "sha256": one.sha256, "by": one.by, "note": one.note, "at": rfc3339(one.at_us)}
            for one in version.confirmations
        ],
        "notes": version.notes,
    }
