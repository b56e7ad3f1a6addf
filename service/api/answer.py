"""JSON by orjson: fast, numpy as it is, NaN as null."""

from typing import Any

import orjson
from fastapi.responses import JSONResponse

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def to_json(content: Any) -> bytes:
    """UTF-8."""
    return orjson.dumps(content, option=_OPTIONS)


class Json(JSONResponse):
    """``application/json``."""

    def render(self, content: Any) -> bytes:
        """See `to_json`."""
        return to_json(content)
