"""The address space of a plant server, built directly: twenty thousand variables in a second.

asyncua's own way adds one node at a time and searches the parent's references each time, which takes minutes for a
large folder. Here a node is put together and entered at once; folders still hold no more than a hundred, because
clients that browse expect that of a plant.
"""

import re
from dataclasses import dataclass

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

#: Most variables in one folder.
FOLDER_MOST = 100
_STEP = re.compile(r"(?:(?P<ns>\d+):)?(?P<name>.+)")
_ID = AttributeIds


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable to be served."""

    #: NodeId (``ns=2;s=TI-101``) or browse path (``/Objects/2:Plant/2:TI-101``); anything else is a name in ns=2.
    address: str
    #: Folders under Objects it is found in by browsing, where the address is not itself a path.
    folders: tuple[str, ...]
    name: str
    description: str = ""


def _value(value: object, kind: ua.VariantType) -> AttributeValue:
    return AttributeValue(ua.DataValue(ua.Variant(value, kind)))


def _named(text: str) -> ua.NodeId:
    return ua.NodeId(ua.String(text), ua.Int16(2))


def _standard(number: int) -> ua.NodeId:
    return ua.NodeId(ua.Int32(number))


class Space:
    """Adds folders and variables to a server's address space, all in namespace 2."""

    def __init__(self, aspace: AddressSpace, *, historizing: bool) -> None:
        self._aspace = aspace
        access = 1 | (4 if historizing else 0)  # CurrentRead, HistoryRead
        self._shared_variable = {
            _ID.NodeClass: _value(ua.NodeClass.Variable, ua.VariantType.Int32),
            _ID.DataType: _value(_standard(ObjectIds.Double), ua.VariantType.NodeId),
            _ID.ValueRank: _value(-1, ua.VariantType.Int32),
            _ID.WriteMask: _value(0, ua.VariantType.UInt32),
            _ID.UserWriteMask: _value(0, ua.VariantType.UInt32),
            _ID.AccessLevel: _value(access, ua.VariantType.Byte),
            _ID.UserAccessLevel: _value(access, ua.VariantType.Byte),
            _ID.MinimumSamplingInterval: _value(0.0, ua.VariantType.Double),
            _ID.Historizing: _value(historizing, ua.VariantType.Boolean),
        }
        self._shared_folder = {
            _ID.NodeClass: _value(ua.NodeClass.Object, ua.VariantType.Int32),
            _ID.WriteMask: _value(0, ua.VariantType.UInt32),
            _ID.UserWriteMask: _value(0, ua.VariantType.UInt32),
            _ID.EventNotifier: _value(0, ua.VariantType.Byte),
        }
        self._folders: dict[tuple[str, ...], ua.NodeId] = {}
        self._filled: dict[tuple[str, ...], int] = {}

    def add(self, variable: Variable) -> ua.NodeId:
        """Enter a variable; gives its NodeId. Raises ValueError where it is there already."""
        if variable.address.startswith("/"):
            *folders, name = [self._step(step) for step in variable.address.strip("/").split("/")]
            parent = self._folder(tuple(folders[1:]))  # the first is Objects
            node_id = _named("/".join((*folders[1:], name)))
        else:
            name, parent = variable.name, self._roomy_folder(variable.folders)
            text = variable.address if "=" in variable.address else f"ns=2;s={variable.address}"
            node_id = ua.NodeId.from_string(text)
        if node_id in self._aspace:
            raise ValueError(f"two variables have the address {variable.address!r}")
        self._enter(node_id, parent, name, variable.description, self._shared_variable, ObjectIds.BaseDataVariableType)
        waiting = ua.DataValue(
            Value=ua.Variant(None, ua.VariantType.Null),
            StatusCode=ua.StatusCode(ua.UInt32(StatusCodes.BadWaitingForInitialData)),
        )
        self._aspace[node_id].attributes[_ID.Value] = AttributeValue(waiting)
        return node_id

    @staticmethod
    def _step(step: str) -> str:
        match = _STEP.fullmatch(step)
        if match is None or (match["ns"] not in (None, "0", "2")):
            raise ValueError(f"{step!r} is not a step of a browse path in namespace 2")
        return match["name"]

    def _roomy_folder(self, folders: tuple[str, ...]) -> ua.NodeId:
        filled = self._filled.get(folders, 0)
        self._filled[folders] = filled + 1
        full = filled // FOLDER_MOST
        return self._folder(folders if full == 0 else (*folders[:-1], f"{folders[-1]}-{full + 1}"))

    def _folder(self, path: tuple[str, ...]) -> ua.NodeId:
        if not path:
            return _standard(ObjectIds.ObjectsFolder)
        if path not in self._folders:
            parent = self._folder(path[:-1])
            node_id = _named("folder:" + "/".join(path))
            self._enter(node_id, parent, path[-1], "", self._shared_folder, ObjectIds.FolderType)
            self._folders[path] = node_id
        return self._folders[path]

    def _enter(
        self,
        node_id: ua.NodeId,
        parent: ua.NodeId,
        name: str,
        description: str,
        shared: dict[AttributeIds, AttributeValue],
        kind: int,
    ) -> None:
        browse_name, shown = ua.QualifiedName(name, 2), ua.LocalizedText(name)
        node = NodeData(node_id)
        node.attributes = {
            **shared,
            _ID.NodeId: _value(node_id, ua.VariantType.NodeId),
            _ID.BrowseName: _value(browse_name, ua.VariantType.QualifiedName),
            _ID.DisplayName: _value(shown, ua.VariantType.LocalizedText),
            _ID.Description: _value(ua.LocalizedText(description or name), ua.VariantType.LocalizedText),
        }
        node_class = ua.NodeClass.Variable if shared is self._shared_variable else ua.NodeClass.Object
        node.references = [_reference(ObjectIds.HasTypeDefinition, _standard(kind), forward=True)]
        node.references.append(_reference(ObjectIds.Organizes, parent, forward=False))
        child = _reference(ObjectIds.Organizes, node_id, forward=True)
        child.BrowseName, child.DisplayName = browse_name, shown
        child.NodeClass, child.TypeDefinition = node_class, _standard(kind)
        self._aspace[parent].references.append(child)
        self._aspace[node_id] = node


def _reference(kind: int, target: ua.NodeId, *, forward: bool) -> ua.ReferenceDescription:
    reference = ua.ReferenceDescription()
    reference.ReferenceTypeId = _standard(kind)
    reference.NodeId = target
    reference.IsForward = forward
    return reference
