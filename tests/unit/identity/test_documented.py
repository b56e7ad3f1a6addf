"""The table of roles in the documents names every role."""

from pathlib import Path

from service.identity.roles import Role

DOCUMENT = (Path(__file__).parents[3] / "deploy/docs/identities.md").read_text("utf-8")


def test_every_role_is_in_the_table_of_the_document() -> None:
    assert [role.value for role in Role if f"| `{role.value}` |" not in DOCUMENT] == []
