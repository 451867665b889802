"""How a message differs from a description of it: a JSON schema of the published files, or a typed model of the SDK."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pydantic import BaseModel
from pydantic import ValidationError as ModelError
from referencing import Registry
from referencing.jsonschema import DRAFT202012


class Schema:
    """One description; objects may have declared fields only, or nothing that is left undeclared would be seen."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = _closed(document)
        resource = DRAFT202012.create_resource(self._document)
        self._registry: Registry[Any] = Registry().with_resource("urn:description", resource)

    def differences(self, name: str, value: Any, label: str) -> Iterator[str]:
        """What the schema objects to in a value, as `Path.field: why`."""
        if name not in self._document["components"]["schemas"]:
            yield f"{label}: no schema"
            return
        schema = {"$ref": f"urn:description#/components/schemas/{name}"}
        validator = Draft202012Validator(schema, registry=self._registry)
        for error in validator.iter_errors(value):
            yield from _named(error, label)


def _named(error: ValidationError, label: str) -> Iterator[str]:
    path = _dotted(label, error.absolute_path)
    schema: Any = error.schema
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            yield from (f"{path}.{name}: undeclared" for name in instance if name not in schema["properties"])
        case "required":
            yield from (f"{path}.{name}: required" for name in schema["required"] if name not in instance)
        case "oneOf" | "anyOf" | "allOf" if error.context:
            yield f"{path}: {error.validator}"
        case validator:
            yield f"{path}: {validator}"


def _closed(node: Any) -> Any:
    if isinstance(node, dict):
        closed = {key: _closed(inner) for key, inner in node.items()}
        if node.get("type") == "object" and node.get("properties") and "additionalProperties" not in node:
            closed["additionalProperties"] = False
        return closed
    return [_closed(inner) for inner in node] if isinstance(node, list) else node


def against(model: type[BaseModel], value: dict[str, Any], label: str) -> Iterator[str]:
    """What a typed model objects to, and what it does not know."""
    try:
        typed = model.model_validate(value)
    except ModelError as error:
        for problem in error.errors():
            yield f"{_dotted(label, problem['loc'])}: {problem['type']}"
        return
    yield from _unknown(typed, label)


def _unknown(typed: Any, path: str) -> Iterator[str]:
    if isinstance(typed, list):
        for item in typed:
            yield from _unknown(item, path)
    elif isinstance(typed, BaseModel):
        yield from (f"{path}.{name}: undeclared" for name in typed.model_extra or ())
        for name in type(typed).model_fields:
            yield from _unknown(getattr(typed, name), f"{path}.{name}")


def _dotted(label: str, parts: Iterable[Any]) -> str:
    return ".".join([label, *(str(part) for part in parts if not isinstance(part, int))])
