"""YAML nodes in, plain values out, with the line of every key. Only plain scalars, lists and mappings are known."""

from datetime import date
from pathlib import Path
from typing import cast

import yaml
from yaml.composer import ComposerError
from yaml.constructor import SafeConstructor
from yaml.error import Mark

from incident_pipeline.settings.problems import Problem
from incident_pipeline.settings.variables import Value

_SCALARS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp"))


class _NoAlias(yaml.SafeLoader):
    """A loader that refuses aliases before it follows one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = cast("Mark", self.peek_event().start_mark)  # pyright: ignore[reportUnknownMemberType] - untyped stub
            raise ComposerError(None, None, "aliases (*name) are not allowed here: write it out", mark)
        return super().compose_node(parent, index)


def compose(text: str) -> yaml.Node | None:
    """The node tree of the one document; None when it is empty. Raises yaml.YAMLError."""
    loader = _NoAlias(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


class Values:
    """Turns nodes into values; keeps lines and problems (a key given twice, a tag that is not plain) on the way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[str, int] = {}
        self.problems: list[Problem] = []
        self._scalars = SafeConstructor()

    def of(self, node: yaml.Node | None, key: str) -> Value:
        """The value of `node`, which stands at dotted `key`."""
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(child, f"{key}.{i}") for i, child in enumerate(node.value)]
        return None if node is None else self._scalar(node)

    def _item(self, node: yaml.Node, key: str) -> Value:
        self.lines[key] = node.start_mark.line + 1
        return self.of(node, key)

    def _mapping(self, node: yaml.MappingNode, key: str) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, "a key must be a plain word")
                continue
            name = key_node.value
            dotted = f"{key}.{name}" if key else name
            if name in found:
                self._problem(key_node, f"key {name[:80]!r} is given twice (first in line {self.lines[dotted]})")
                continue
            self.lines[dotted] = key_node.start_mark.line + 1
            found[name] = self.of(value_node, dotted)
        return found

    def _scalar(self, node: yaml.Node) -> Value:
        if node.tag not in _SCALARS:
            self._problem(node, f"tag {node.tag[:80]!r} is not allowed here: write a plain value")
            return None
        try:
            value = self._scalars.construct_object(node)  # pyright: ignore[reportUnknownMemberType] - untyped stub
        except (ValueError, yaml.YAMLError):
            self._problem(node, "cannot be read as the number or date it looks like: put it in quotes")
            return None
        # A date is kept as the words it was written in: whoever wants a date knows which zone it is in.
        return node.value if isinstance(value, date) else value

    def _problem(self, node: yaml.Node, text: str) -> None:
        self.problems.append(Problem(self.path, node.start_mark.line + 1, text))
