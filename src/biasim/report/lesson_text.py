"""The generated blocks of a lesson: what its tables say, as Markdown.

A lesson asks for a table where it is to stand; what lies between the two comments is written from stored results:

    <!-- table: immortal_time [registry, landmark]; analyses: cox | cox_matched; columns: ratio, bias, rejection -->
    <!-- end -->
    <!-- published: cebp2022_dichotomous, duchesneau2022_ncdb -->
    <!-- end -->

A table names the study of the folder, or `exercise_1`; designs in brackets, `analyses`, `scenarios` (numbers, 0 is the
first) and `columns` choose from it, all of them by default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path

from biasim.answers import on_log_scale
from biasim.errors import BiasimError, meant
from biasim.evidence import catalogue
from biasim.evidence.row import Row as Cited
from biasim.report.evidence_text import legend, marked
from biasim.report.result_text import Key, Row, failures, gather, percent, shown, signed, with_mcse
from biasim.store.tables import read_table

BLOCK = re.compile(r"<!-- (?P<kind>table|published): (?P<asked>[^\n]*?) -->\n(?P<old>.*?)<!-- end -->", re.S)
OPENING = re.compile(r"<!-- (?:table|published):")
OPTIONS = ("analyses", "scenarios", "columns")
COLUMNS = {
    "ratio": "hazard ratio",
    "truth": "truth",
    "bias": "bias of log HR (MCSE)",
    "coverage": "95% covers (MCSE)",
    "rejection": "'it helps' (MCSE)",
    "empirical_se": "SE over replicates (MCSE)",
    "model_se": "SE reported (MCSE)",
}
USUAL = ("ratio", "truth", "bias", "coverage")
SHARES = ("coverage", "rejection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the opening comment of a table asks for; an empty choice means all."""

    source: str
    designs: tuple[str, ...]
    analyses: tuple[str, ...]
    scenarios: tuple[str, ...]
    columns: tuple[str, ...]


def filled(text: str, tables_of: Callable[[str], Path]) -> str:
    """The lesson with every block written anew; `tables_of` gives the folder of tables of a source.

    Raises BiasimError for a block that does not end, asks in words that are not known, or names rows that are not there.
    """
    for block in (found.group("old") for found in BLOCK.finditer(text)):
        if OPENING.search(block):
            raise BiasimError(f"a generated block has no '<!-- end -->' before the next one:\n{block.splitlines()[0]}")
    if len(OPENING.findall(text)) != len(BLOCK.findall(text)):
        raise BiasimError("a generated block without '<!-- end -->', or with a line break in its opening comment")

    def written(found: re.Match[str]) -> str:
        kind, wanted = found.group("kind"), found.group("asked")
        body = published_table(wanted) if kind == "published" else result_tables(asked(wanted), tables_of)
        return f"<!-- {kind}: {wanted} -->\n{body}\n<!-- end -->"

    return BLOCK.sub(written, text)


def asked(words: str) -> Asked:
    """The opening comment, read: `source [designs]; option: values`. Raises BiasimError with the likely intention."""
    first, *options = (part.strip() for part in words.split(";"))
    head = re.fullmatch(r"(\w+)\s*(?:\[([^\]]*)\])?", first)
    if not head:
        raise BiasimError(f"table: '{first}' is not 'study' or 'study [design, design]'")
    chosen: dict[str, tuple[str, ...]] = dict.fromkeys(OPTIONS, ())
    for option in options:
        name, colon, values = option.partition(":")
        if not colon or name.strip() not in OPTIONS:
            raise BiasimError(f"table: no option '{option}' of {first}. {meant(name.strip(), list(OPTIONS))}")
        chosen[name.strip()] = listed(values, "|" if name.strip() == "analyses" else ",")
    for column in chosen["columns"]:
        if column not in COLUMNS:
            raise BiasimError(f"table: no column '{column}'. {meant(column, list(COLUMNS))}")
    chosen["columns"] = chosen["columns"] or USUAL
    return Asked(source=head.group(1), designs=listed(head.group(2) or "", ","), **chosen)


def listed(words: str, separator: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(separator) if word.strip())


def result_tables(wanted: Asked, tables_of: Callable[[str], Path]) -> str:
    """Hazard ratios first, then differences, each as a Markdown table; every scenario that was asked for."""
    folder = tables_of(wanted.source)
    rows = gather(read_table(folder / "performance.csv"))
    scenarios = {row["scenario"]: row for row in read_table(folder / "scenarios.csv")}
    for name, chosen, there in (
        ("design", wanted.designs, [key[1] for key in rows]),
        ("analysis", wanted.analyses, [key[2] for key in rows]),
        ("scenario", wanted.scenarios, list(scenarios)),
    ):
        for one in chosen:
            if one not in there:
                raise BiasimError(f"table: {wanted.source} has no {name} '{one}'. {meant(one, list(dict.fromkeys(there)))}")
    keys = [key for key in rows if all(not chosen or value in chosen for value, chosen in (
        (key[1], wanted.designs), (key[2], wanted.analyses), (str(key[0]), wanted.scenarios)))]  # fmt: skip
    ratios = [key for key in keys if on_log_scale(key[3])]
    rest = [key for key in keys if not on_log_scale(key[3])]
    parts = [result_table(part, rows, scenarios, wanted.columns) for part in (ratios, rest) if part]
    if not parts:
        raise BiasimError(f"table: no analysis of {wanted.source} is all of what was asked for: {wanted}")
    return "\n\n".join(parts)


def result_table(
    keys: Sequence[Key], rows: Mapping[Key, dict[str, Row]], scenarios: Mapping[str, Row], columns: tuple[str, ...]
) -> str:
    """One Markdown table: the varied values, design, analysis, then the columns; failures where there are any."""
    ratio = on_log_scale(keys[0][3])
    varied = [path for path in next(iter(scenarios.values())) if path not in ("scenario", "size")]
    failed = any(failures(rows[key]["mean"]) != "0" for key in keys)
    heading = [*(f"`{path.rpartition('.')[2]}`" for path in varied), "design", "analysis", *([] if ratio else ["of what"])]
    heading += [name if ratio else in_units(name) for name in (COLUMNS[column] for column in columns)]
    lines = []
    for key in keys:
        scenario, design, analysis, estimand = key
        cells = [*(scenarios[str(scenario)][path] for path in varied), design, analysis, *([] if ratio else [estimand])]
        cells += [cell(column, rows[key], ratio) for column in columns]
        lines.append([*cells, failures(rows[key]["mean"])] if failed else cells)
    return markdown([*heading, "failed"] if failed else heading, lines, right=len(columns) + failed)


def in_units(heading: str) -> str:
    """The heading of a column where estimates are months or probabilities."""
    return heading.replace("hazard ratio", "difference").replace(" of log HR", "")


def cell(column: str, measures: Mapping[str, Row], ratio: bool) -> str:
    """One number as a reader of a paper expects it: ratios as such, shares in percent, a bias with its sign."""
    if column in ("ratio", "truth"):
        value = measures["mean"]["value" if column == "ratio" else "truth"]
        digits = 3 if column == "ratio" else 2
        return shown(value, lambda number: f"{exp(number):.{digits}f}") if ratio else signed(value, 3)
    if column in SHARES:
        return percent(measures.get(column))
    if column not in measures:
        return "-"
    told = with_mcse(measures[column], 4 if ratio else 3)
    return told if column == "bias" else told.removeprefix("+")


def published_table(words: str) -> str:
    """What was printed, where, and whether it was seen there: rows of the evidence tables as Markdown."""
    found = [catalogue.row(id) for id in listed(words, ",")]
    table = markdown(["row", "source", "what", "figure", "seen or recalled"], [line_of(one) for one in found], right=0)
    return "\n\n".join((table, *legend(found)))


def line_of(one: Cited) -> list[str]:
    """Row id, citation, what the figure is, the figure with its marks, and whether it was seen."""
    patients = f"n={one.n}" if one.n else ""
    among = ", ".join(part for part in (one.where, patients) if part)
    return [f"`{one.id}`", one.citation, f"{among}: {one.what}" if among else one.what, marked(one), one.provenance]


def markdown(heading: Sequence[str], lines: Sequence[Sequence[str]], *, right: int) -> str:
    """A Markdown table; the last `right` columns are flush right."""
    rule = ["---"] * (len(heading) - right) + ["---:"] * right
    rows = [[part.replace("|", "\\|") for part in row] for row in (heading, *lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))
