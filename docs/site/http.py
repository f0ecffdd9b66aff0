"""The page of the HTTP API, from the OpenAPI description that a server gives of itself."""

from typing import Any

from docs.site.markdown import between, code, prose, table

HEAD = """# HTTP API

What a server says of itself at `/api/v1/openapi.json`, to be read. [For programs](../api.md) begins with an example.
Errors are [problems](#problem), in `application/problem+json`."""


def page(described: dict[str, Any]) -> str:
    """Each route, and each object that is sent or answered.

    Args:
        described: OpenAPI 3.1.
    """
    parts = [HEAD]
    for path, operations in described["paths"].items():
        for verb, operation in operations.items():
            parts += [f"## {verb.upper()} {path}", prose(operation.get("description", ""))]
            if body := operation.get("requestBody"):
                parts.append(f"Takes {_content(body)}.")
            rows = [(code(n), _content(a), prose(a["description"])) for n, a in operation["responses"].items()]
            parts.append(table(("status", "answers", "when"), rows))
    for name, schema in described["components"]["schemas"].items():
        if "properties" in schema:
            parts += [f"## {name}", prose(schema.get("description")), _fields(schema)]
    return "\n\n".join(filter(None, parts))


def _content(holder: dict[str, Any]) -> str:
    """What is sent: objects by name, anything but JSON by its kind."""
    kinds = holder.get("content", {}).items()
    return " or ".join(_shape(of["schema"]) if kind == "application/json" else code(kind) for kind, of in kinds)


def _fields(schema: dict[str, Any]) -> str:
    rows = []
    for name, field in schema["properties"].items():
        default = "required" if name in schema.get("required", ()) else _default(field.get("default"))
        rows.append((code(name), _shape(field), default, prose(field.get("description"))))
    return table(("field", "holds", "default", "what it is"), rows)


def _default(value: Any) -> str:
    return "" if value in (None, "", []) else code(value)


def _shape(schema: dict[str, Any]) -> str:
    """A JSON schema in words."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if several := schema.get("anyOf"):
        return " or ".join(map(_shape, several))
    if values := schema.get("enum"):
        return " or ".join(map(code, values))
    kind = schema.get("type", "JSON")
    if kind == "array":
        if parts := schema.get("prefixItems"):
            return f"list ({len(parts)}) of {', then '.join(dict.fromkeys(map(_shape, parts)))}"
        long = between(schema.get("minItems"), schema.get("maxItems"))
        return f"list {f'({long}) ' if long else ''}of {_shape(schema['items'])}"
    if kind == "object" and (of := schema.get("additionalProperties")):
        return f"object of {_shape(of)}"
    bounds = between(schema.get("minimum"), schema.get("maximum"))
    pattern = f"matching {code(schema['pattern'])}" if "pattern" in schema else ""
    form = schema.get("format") or schema.get("contentEncoding")
    long = between(schema.get("minLength"), schema.get("maxLength"))
    return ", ".join(filter(None, (kind, form, bounds, pattern, f"{long} characters" if long else "")))
