"""What a tag's address says: a NodeId, or a browse path from the root folder.

``ns=2;s=TI-101``, ``ns=plant;s=TI-101``, ``nsu=http://example.org/plant;s=TI-101``, ``i=2258`` are NodeIds;
``/Objects/2:Plant/2:TI-101`` and ``/Objects/plant:Plant/plant:TI-101`` are browse paths. ``plant`` stands in the
connector's ``namespaces``. In a path, ``&`` before ``/ : & . < > # !`` takes the character as part of the name.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

_NODE_ID = re.compile(r"(?:ns=(?P<ns>[^;]+);|nsu=(?P<uri>[^;]+);)?(?P<kind>[isgb])=(?P<id>.+)", re.DOTALL)
_STEP = re.compile(r"(?:&.|[^&/])+")
_PREFIX = re.compile(r"(?P<ns>(?:&.|[^&:])+):(?P<name>.+)", re.DOTALL)


class BadAddress(ValueError):
    """The address cannot be understood, or names a namespace that this server does not have."""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The namespace table of a connected server, and the short names of the configuration."""

    #: By index, as the server has it now.
    uris: Sequence[str]
    #: Short name -> URI.
    aliases: Mapping[str, str]

    def index(self, text: str) -> int:
        """Of ``2`` or of a short name. Raises BadAddress."""
        if text.isdecimal():
            return int(text)
        if text not in self.aliases:
            raise BadAddress(f"{text!r} is not in the connector's namespaces")
        return self.index_of_uri(self.aliases[text])

    def index_of_uri(self, uri: str) -> int:
        """Raises BadAddress where the server does not know the URI."""
        if uri not in self.uris:
            raise BadAddress(f"the server has no namespace {uri!r}; it has {', '.join(self.uris[1:]) or 'none'}")
        return list(self.uris).index(uri)


def is_path(address: str) -> bool:
    """Whether it is a browse path."""
    return address.startswith("/")


def node_id(address: str, namespaces: Namespaces) -> ua.NodeId:
    """Raises BadAddress."""
    match = _NODE_ID.fullmatch(address)
    if match is None:
        raise BadAddress("not a NodeId (ns=2;s=TI-101) and not a browse path (/Objects/2:Plant/2:TI-101)")
    index = 0
    if match["uri"]:
        index = namespaces.index_of_uri(unquote(match["uri"]))
    elif match["ns"]:
        index = namespaces.index(match["ns"])
    try:
        return _identified(match["kind"], match["id"], index)
    except (ValueError, binascii.Error) as error:
        raise BadAddress(f"{match['id']!r} is not an identifier of kind {match['kind']!r}") from error


def _identified(kind: str, text: str, index: int) -> ua.NodeId:
    if kind == "i":
        return ua.NodeId(ua.Int32(int(text)), ua.Int16(index), ua.NodeIdType.Numeric)
    if kind == "g":
        return ua.NodeId(ua.Guid(text), ua.Int16(index), ua.NodeIdType.Guid)
    if kind == "b":
        return ua.NodeId(
            ua.ByteString(base64.b64decode(text, validate=True)), ua.Int16(index), ua.NodeIdType.ByteString
        )
    return ua.NodeId(ua.String(text), ua.Int16(index), ua.NodeIdType.String)


def browse_path(address: str, namespaces: Namespaces) -> ua.BrowsePath:
    """From the root folder, along hierarchical references. Raises BadAddress."""
    steps = _STEP.findall(address)
    if not steps or "/" + "/".join(steps) != address:
        raise BadAddress("an empty step, or an & with nothing after it, in a browse path")
    path = ua.BrowsePath()
    path.StartingNode = ua.NodeId(ua.Int32(ObjectIds.RootFolder))
    path.RelativePath.Elements = [_element(step, namespaces) for step in steps]
    return path


def _element(step: str, namespaces: Namespaces) -> ua.RelativePathElement:
    match = _PREFIX.fullmatch(step)
    index, name = (namespaces.index(_plain(match["ns"])), match["name"]) if match else (0, step)
    element = ua.RelativePathElement()
    element.ReferenceTypeId = ua.NodeId(ua.Int32(ObjectIds.HierarchicalReferences))
    element.IsInverse = False  # type: ignore[assignment]  # asyncua types its Boolean as an empty class
    element.IncludeSubtypes = True  # type: ignore[assignment]
    element.TargetName = ua.QualifiedName(_plain(name), index)
    return element


def _plain(text: str) -> str:
    return re.sub(r"&(.)", r"\1", text)
