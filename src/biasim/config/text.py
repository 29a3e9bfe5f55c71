"""YAML text as a tree in which every key and every value knows its line and column.

YAML 1.2 core schema: `yes`, `on` and `off` are words, `1e3` is a number. Keys that stand twice are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.nodes import Node as Composed

from biasim.errors import Problem

INTEGER = re.compile(r"[-+]?[0-9]{1,400}\Z|0o[0-7]{1,400}\Z|0x[0-9a-fA-F]{1,300}\Z")
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
WORDS |= {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
WORDS |= {sign + "." + word: float(sign + "inf") for sign in ("", "+", "-") for word in ("inf", "Inf", "INF")}
WORDS |= {"." + word: float("nan") for word in ("nan", "NaN", "NAN")}
DEEPEST = 40  # levels; study files need about eight
LARGEST = 100_000  # nodes; aliases that unfold into more are a mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value of the file: a scalar, a tuple of nodes, or a mapping of nodes. Lines and columns count from 1."""

    value: Any
    file: str
    line: int
    column: int
    path: str = ""  # dotted, as messages print it
    key: tuple[int, int] | None = None  # where the key of this value stands
    quoted: bool = False
    written: str = ""  # a scalar as written

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, tuple)

    @property
    def plain(self) -> Any:
        """The value without places: None, bool, int, float, str, list and dict."""
        if self.is_mapping:
            return {key: child.plain for key, child in self.value.items()}
        return [child.plain for child in self.value] if self.is_list else self.value

    @property
    def shown(self) -> str:
        """The value as a message prints it."""
        if self.is_mapping or self.is_list:
            return "a mapping" if self.is_mapping else "a list"
        if self.value is None:
            return "nothing"
        text = self.written if len(self.written) <= 40 else self.written[:37] + "..."
        return f"'{text}'" if isinstance(self.value, str) else text

    def problem(self, found: str, expected: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A mistake at this value, or at its key."""
        line, column = self.key if at_key and self.key else (self.line, self.column)
        # a path that is varied is wrong once, not once for each of its values
        path = (self.path.partition("[")[0] if at_key and self.key else self.path) or "top"
        return Problem(file=self.file, line=line, column=column, path=path, found=found, expected=expected, hint=hint)

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        children = self.value.values() if self.is_mapping else self.value if self.is_list else ()
        for child in children:
            yield from child.walk()

    def here(self, value: Any) -> Node:
        """Plain data standing at the place of this node."""
        if isinstance(value, dict):
            value = {str(key): self.here(item) for key, item in value.items()}
        elif isinstance(value, (list, tuple)):
            value = tuple(self.here(item) for item in value)
        else:
            return replace(self, value=value, quoted=False, written="null" if value is None else str(value))
        return replace(self, value=value, quoted=False, written="")


def read(text: str, file: str, problems: list[Problem]) -> Node | None:
    """The tree of one document; None when it cannot be read at all. Mistakes are added to `problems`."""
    start = Node(value=None, file=file, line=1, column=1)
    try:
        composed = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = replace(start, line=mark.line + 1, column=mark.column + 1) if mark else start
        problems.append(at.problem(f"not YAML: {_one_line(error.problem or error)}", "YAML 1.2", _meant(error)))
        return None
    except (YAMLError, ValueError, AssertionError, AttributeError, IndexError, KeyError, TypeError) as error:
        problems.append(start.problem(f"not YAML: {_one_line(error)}", "YAML 1.2 text in UTF-8"))
        return None
    except RecursionError:
        problems.append(start.problem("lists or mappings too deep to read", f"at most {DEEPEST} levels"))
        return None
    if composed is None:
        problems.append(start.problem("the file is empty", "a mapping that begins with 'study: name'"))
        return None
    return _Reader(file, problems).node(composed, "", None, 0)


class _Reader:
    """Turns composed YAML into nodes, counting them."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file, self.problems, self.count = file, problems, 0

    def node(self, composed: Composed, path: str, key: tuple[int, int] | None, depth: int) -> Node:
        self.count += 1
        mark = composed.start_mark
        at = Node(value=None, file=self.file, line=mark.line + 1, column=mark.column + 1, path=path, key=key)
        if depth > DEEPEST or self.count > LARGEST:
            if not any("levels" in problem.expected for problem in self.problems):
                expected = f"at most {DEEPEST} levels and {LARGEST:,} values"
                self.problems.append(at.problem("lists or mappings without end", expected, "Does an alias hold itself?"))
            return at
        if not str(composed.tag).startswith("tag:yaml.org,2002:"):
            self.problems.append(at.problem(f"the tag '{composed.tag}'", "a value without a tag"))
        if isinstance(composed, ScalarNode):
            quoted = composed.style in ("'", '"', "|", ">")
            value = composed.value if quoted else scalar(composed.value)
            return replace(at, value=value, quoted=quoted, written=composed.value)
        if isinstance(composed, MappingNode):
            return replace(at, value=self.mapping(composed, path, depth))
        items = enumerate(composed.value)
        return replace(at, value=tuple(self.node(item, f"{path}[{i}]", None, depth + 1) for i, item in items))

    def mapping(self, composed: MappingNode, path: str, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for key, value in composed.value:
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            name = key.value if isinstance(key, ScalarNode) else None
            child_path = f"{path}.{name}" if path else str(name)
            at = Node(value=None, file=self.file, line=line, column=column, path=child_path)
            if name is None or name in ("", "<<"):
                self.problems.append(at.problem("a key that is not a word", "a word before the colon"))
            elif name in entries:
                first = (entries[name].key or (0, 0))[0]
                found = f"the key '{name}' stands twice, in line {first} and in line {line}"
                self.problems.append(at.problem(found, "each key once", "Keep one of the two."))
            else:
                entries[name] = self.node(value, child_path, (line, column), depth + 1)
        return entries


def scalar(text: str) -> Any:
    """The value of an unquoted scalar in the core schema of YAML 1.2."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.match(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    return float(text) if DECIMAL.match(text) else text


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:160]


def _meant(error: MarkedYAMLError) -> str:
    text = str(error.problem)
    if "\\t" in text or "\t" in text:
        return "YAML indents with spaces; a tab stands here."
    if "mapping values" in text:
        return "Is the indentation right? A text with a colon in it needs quotes."
    if "<stream end>" in text:
        return "Is a closing bracket or quote missing?"
    if "another document" in text:
        return "One file holds one study; remove the line '---'."
    if "block end" in text:
        return "Is this line indented like its neighbours?"
    return "Does a text need quotes?" if "cannot start" in text else ""
