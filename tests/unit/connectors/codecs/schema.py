"""The shipped JSON Schema, loaded as a user would."""

import json
from importlib.resources import files
from typing import Any

SCHEMA: dict[str, Any] = json.loads(files("connectors.codecs").joinpath("samples.schema.json").read_text("utf-8"))
