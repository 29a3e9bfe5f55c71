"""One design of a study at many values of its dotted paths: the study is read once, each variant checked like a study file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from biasim.config.assemble import Surroundings, as_written
from biasim.config.draft import Edit
from biasim.config.scenarios import builder, laid, scenario
from biasim.config.study import Design, Study
from biasim.config.text import Node, read
from biasim.errors import Problem, StudyRefused


class Variants:
    """The first scenario of a study, ready for changes of one of its designs; equal choices are the same object."""

    def __init__(self, study: Study, design: str) -> None:
        self.name = design
        self.nowhere = Node(value=None, file=study.source, line=1, column=1)
        self.problems: list[Problem] = []
        self.build = builder(self.problems)
        root = read(study.written_out, study.source, self.problems)
        assert root is not None, "a study that was read before"
        written, _ = as_written(root, Surroundings(worlds=(), published=None), self.problems)
        self.base = laid(written, self.edits(study.scenarios[0].varied), self.problems)

    def __call__(self, changes: Mapping[str, Any], *, lenient: bool = False) -> Design:
        """The design with `changes`, dotted path -> plain value, laid over the study in order.

        `lenient` lets a change for all designs pass by those that cannot take it, as a switch does. Raises StudyRefused.
        """
        self.problems.clear()
        draft = laid(self.base, self.edits(changes, lenient=lenient), self.problems)
        alone = replace(draft, designs={self.name: draft.designs[self.name]})
        made = scenario(0, alone, (), self.build, self.problems) if not self.problems else None
        if made is None or self.problems:
            raise StudyRefused(list(dict.fromkeys(self.problems)))
        return made.designs[self.name]

    def edits(self, changes: Mapping[str, Any], *, lenient: bool = False) -> list[Edit]:
        """Plain changes as those of a file."""
        return [
            Edit(path=path, value=replace(self.nowhere.here(value), path=path), lenient=lenient)
            for path, value in changes.items()
        ]
