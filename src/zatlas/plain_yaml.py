"""Reading YAML that holds plain data alone."""

from typing import Any

import yaml

from zatlas.errors import InputError


class _Plain(yaml.SafeLoader):
    """YAML without aliases and repeated keys, so a small file cannot fill the memory."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias = self.get_event()  # type: ignore[no-untyped-call]  # of the stub
            problem = f"the alias *{alias.anchor} is not allowed"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=alias.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in keys:
                problem = f"{key.value!r} is given twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            keys.add(str(key.value))
        return super().construct_mapping(node, deep)

    def text(self, node: yaml.ScalarNode) -> str:
        """A text. Half a character of UTF-16 could not be written again."""
        value = str(node.value)
        if any("\ud800" <= character <= "\udfff" for character in value):
            problem = "a text holds half a character (a surrogate)"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return value

    def number(self, node: yaml.ScalarNode) -> int | float | str:
        """A number. YAML 1.1 reads 1:30 as 90, and a long one takes hours; it is a text."""
        if ":" in node.value:
            return self.text(node)
        is_integer = node.tag.endswith(":int")
        return (self.construct_yaml_int if is_integer else self.construct_yaml_float)(node)


_Plain.add_constructor("tag:yaml.org,2002:str", _Plain.text)
_Plain.add_constructor("tag:yaml.org,2002:int", _Plain.number)
_Plain.add_constructor("tag:yaml.org,2002:float", _Plain.number)


def parse_yaml(text: str, name: str) -> Any:
    """The plain data in a YAML text. Raises InputError that starts with ``name``.

    Examples
    --------
    >>> parse_yaml("size: [64, 64]", "model.yaml")
    {'size': [64, 64]}
    """
    try:
        return yaml.load(text, Loader=_Plain)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", "not YAML")
        raise InputError(f"{name}{line}: {problem}; write plain YAML") from None
    except ValueError as error:  # of a number or a date
        reason = str(error).partition(";")[0]
    except Exception as error:  # a wrong value raises nearly any type of error
        reason = "nested too deep" if isinstance(error, RecursionError) else "a value is invalid"
    raise InputError(f"{name}: cannot be read ({reason}); write plain YAML")
