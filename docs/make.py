"""Write what the documentation takes from the code: config.md, its schema, the rule graph, the anchors.

``python docs/make.py`` writes, ``python docs/make.py --check`` says what is out of step and exits with 1.
"""

import builtins
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from qdjunction.core.schema import described
from qdjunction.structure.anchors import ANCHORS
from qdjunction.structure.tips.contract import GoldSite
from qdjunction.study.config import config_model

SITES: tuple[GoldSite, ...] = get_args(GoldSite)

ROOT = Path(__file__).parents[1]
GRAPH = re.compile(r"(?<=<!-- rule graph -->\n).*?(?=<!-- end of rule graph -->)", re.DOTALL)

ANCHOR_ROWS = re.compile(r"(?<=<!-- anchors -->\n).*?(?=<!-- end of anchors -->)", re.DOTALL)

EXPLAINED = {
    "dots": "structures.md",
    "screen": "screening.md",
    "electrodes": "structures.md#tips",
    "relax": "engines.md",
    "transport": "transport.md",
    "interference": "interference.md",
    "series": "interference.md#series-over-structures",
    "ensemble": "ensembles.md",
    "robustness": "interference.md#robustness",
    "exciton": "exciton.md",
    "reactions": "cubes.md#reactions",
    "cover": "cover.md",
    "slide": "structures.md#slides",
    "resources": "cluster.md#resources-of-the-jobs",
    "traces": "traces.md",
    "binding": "paper.md#gaps-and-binding",
    "coupling": "joined-dots.md#coupling-of-joined-dots",
    "regions": "cubes.md#inside-and-surface-of-a-dot",
    "siesta": "siesta.md",
    "xtb": "engines.md#xtb-the-embedded-model",
}
"""What explains the sections and keys at the top level."""

HEAD = """\
# Configuration

Every key that a study can set in its `config.yaml`. Only `study` and `dots` are needed, or `traces` instead of
`dots`:

```yaml
study: my study
dots:
  - {dot: 12Pb, contacts: [L-R1, L-R2, L-R3, L-R4], controls: [R1-R4]}
electrodes: {layers: 3}
transport: {leads: {kind: wide-band, coupling_ev: 1.0}}
```

The first table has the keys at the top level; each section below has its own table, and the keys link to them. In
headings, `[]` stands for the entries of a list and `NAME` for a name of your choice. `dots[].sites.NAME` is thus a
table under a name in `sites` of an entry of `dots`:

```yaml
dots:
  - source: file
    path: dot.cif
    sites: {left: {atom: 1}, right: {atom: 4}}
    contacts: [left-right]
```

- **Units** are part of the names: `fmax_ev_per_ang` is in eV/Ang, `temperature_k` in K.
- **Errors.** A misspelt key, a value out of range, and an unknown dot or contact are each one clear error before any
  job starts; `qdjunction check config.yaml` checks without Snakemake. Limits of numbers are physical; each key states
  the reason for its limits. Under `traces`, log10(G/G0) lies between -20, which no amplifier measures, and 5, a wire
  of 100,000 atoms; a displacement is at most 1000 nm, more than a piezo moves in one trace.
- **Editors** that support JSON schema complete and check keys as you type; the schema is `config.schema.json` beside
  this page.
- **YAML 1.2**: `1e-3` and `2.5e2` are numbers, `010` is ten, `no`, `on` and dates are text. A key that occurs twice
  in one table, a key that is not text, a tab, and a second document in a file are errors that name the line.
- **Several files.** Of those after `--configfile`, later ones take precedence, key by key, and `--config key=value`
  takes precedence over all files.
- **The results folder** must be only for this study: not `/` or another folder of the system, the home
  folder, the folder in which Snakemake runs or a parent of it, nor a folder of the workflow.

This page is written by `make docs` from `workflow/qdjunction/study/config.py`.

## Top level
"""


def schema() -> str:
    """JSON schema of config.yaml."""
    return json.dumps(config_model().model_json_schema(), indent=2) + "\n"


def table() -> str:
    """The keys as tables, one a section."""
    return HEAD + "".join(_sections(config_model()))


def anchors() -> str:
    """The table of anchors."""
    rows = [
        "| "
        + " | ".join(
            (
                f"`{name}`",
                row.needs,
                *(_distance(row.distance_ang(site)) for site in SITES),
                row.basis + (f"; bridge, hollow: {row.facet_basis}" if row.facet_basis else ""),
                row.reference,
            )
        )
        + " |"
        for name, row in ANCHORS.items()
    ]
    head = "| anchor | atom | top (Ang) | bridge (Ang) | hollow (Ang) | distance | source |"
    return "\n".join([head, "| --- " * 7 + "|", *rows, ""])


def _distance(distance_ang: float | None) -> str:
    return "" if distance_ang is None else f"{distance_ang:.2f}"


def rule_graph() -> str:
    """The rules of the shipped study as a mermaid graph, from what Snakemake says of them."""
    run = subprocess.run(
        ["snakemake", "--rulegraph", "mermaid-js", "--quiet", "all", "--forceall"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", run.stdout))
    arrows = {(names[a], names[b]) for a, b in re.findall(r"(id\d+) --> (id\d+)", run.stdout)}
    lines = [f"    {a} --> {b}" for a, b in sorted(arrows) if not _roundabout(a, b, arrows)]
    return "\n".join(["```mermaid", "flowchart LR", *lines, "```", ""])


def _roundabout(start: str, end: str, arrows: set[tuple[str, str]]) -> bool:
    """Whether other arrows lead from `start` to `end` as well, so that the direct one tells nothing new."""
    front = [b for a, b in arrows if a == start and b != end]
    while front:
        here = front.pop()
        if here == end:
            return True
        front += [b for a, b in arrows if a == here]
    return False


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    architecture, structures = (ROOT / "docs" / name for name in ("architecture.md", "structures.md"))
    return {
        ROOT / "docs" / "config.schema.json": schema(),
        ROOT / "docs" / "config.md": table(),
        structures: ANCHOR_ROWS.sub(lambda _: anchors(), structures.read_text(encoding="utf-8")),
        architecture: GRAPH.sub(lambda _: rule_graph(), architecture.read_text(encoding="utf-8")),
    }


def main() -> int:
    """Write or check."""
    stale = {p: t for p, t in pages().items() if not p.exists() or p.read_text(encoding="utf-8") != t}
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of step with the code; run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


@dataclass(frozen=True)
class _Entry:
    """A section of the page: the model of its keys, its place in the file, what tells it from others in that place."""

    model: type[BaseModel]
    path: str
    which: str = ""

    @property
    def heading(self) -> str:
        return f"{self.path}, `{self.which}`" if self.which else self.path

    @property
    def link(self) -> str:
        """Address of the heading on the page, as MyST and code hosts derive it."""
        words = re.sub(r"[^\w\- ]", "", self.heading.lower())
        return f"#{words.replace(' ', '-')}"

    @property
    def level(self) -> str:
        """Hashes of the heading; sections of sections are one level down."""
        return "###" if "." in self.path else "##"


def _sections(model: type[BaseModel]) -> list[str]:
    """Tables of the whole page. A section that occurs in several places has one, to which the others are linked."""
    known: dict[type[BaseModel], _Entry] = {}
    return _table(_Entry(model, ""), known)


def _table(entry: _Entry, known: dict[type[BaseModel], _Entry]) -> list[str]:
    """Table of a section and of those in it that are not among the known ones."""
    text = ["\n"]
    if entry.path:
        doc = (entry.model.__doc__ or "").strip().splitlines()[0]
        text = [f"\n{entry.level} {entry.heading}\n\n{doc}{_explained(entry.path)}\n\n"]
    text.append("| key | value | default | meaning |\n| --- | --- | --- | --- |\n")
    below: list[str] = []
    for name, field in described(entry.model).items():
        models, inside, shape = _models(field.annotation)
        fresh = [
            _Entry(
                one,
                f"{entry.path}.{name}".lstrip(".") + inside,
                _fixed_key(one) if len(models) > 1 else "",
            )
            for one in models
            if one not in known
        ]
        known |= {one.model: one for one in fresh}
        for one in fresh:
            below += _table(one, known)
        value = _linked(shape, [known[one] for one in models]) if models else _type(entry.model, name)
        default = (
            "**required**"
            if field.is_required()
            else ""
            if models
            else f"`{json.dumps(field.default, default=str)}`"
        )
        more = "" if entry.path or models else _explained(name)
        text.append(f"| `{name}` | {value} | {default} | {_meaning(field)}{more} |\n")
    return text + below


def _explained(path: str) -> str:
    """Return the sentence that links a section or a key at the top level to its page, if it has one."""
    page = EXPLAINED.get(path.rstrip("[]"), "")
    return f" Explained in [{page.partition('#')[0]}]({page})." if page else ""


def _linked(shape: str, entries: list[_Entry]) -> str:
    """What a key that holds sections is called, with links to their tables."""
    if len(entries) == 1:
        return f"[{shape}]({entries[0].link})"
    return f"{shape}: " + ", ".join(f"[{one.which.partition(': ')[2]}]({one.link})" for one in entries)


def _meaning(field: FieldInfo) -> str:
    """Description of a key on one line, with links to the pages that it names."""
    text = " ".join((field.description or "").split())
    return re.sub(r"\bdocs/(\w+\.md)", r"[\1](\1)", text)


def _models(annotation: Any) -> tuple[list[type[BaseModel]], str, str]:
    """Sections that a key may hold, what stands for their place below the key, and what the table calls them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation], "", "section"
    found = [model for argument in get_args(annotation) for model in _models(argument)[0]]
    match get_origin(annotation):
        case builtins.list:
            return found, "[]", "list of sections"
        case builtins.dict:
            return found, ".NAME", "table of sections"
    return found, "", "section"


def _fixed_key(model: type[BaseModel]) -> str:
    """Key and value that tell a section from the others that may stand in its place."""
    name, field = next(
        item for item in model.model_fields.items() if get_origin(item[1].annotation) is Literal
    )
    return f"{name}: {get_args(field.annotation)[0]}"


def _type(model: type[BaseModel], name: str) -> str:
    """Type and limits of a plain key as the JSON schema states them."""
    entry = model.model_json_schema()["properties"][name]
    options = entry.get("anyOf", [entry])
    return " or ".join(filter(None, (_one(option) for option in options)))


def _one(entry: dict[str, Any]) -> str:
    if "anyOf" in entry:
        return " or ".join(_one(option) for option in entry["anyOf"])
    if "enum" in entry or "const" in entry:
        return ", ".join(f"`{value}`" for value in entry.get("enum", [entry.get("const")]))
    kind = {
        "number": "number",
        "integer": "integer",
        "string": "text",
        "boolean": "`true`, `false`",
        "null": "nothing",
        "object": "table",
    }
    text = kind.get(entry.get("type", ""), entry.get("type", ""))
    if entry.get("type") == "array":
        items = entry.get("prefixItems", [entry.get("items", {})])
        text = (
            f"list of {len(items)} {_one(items[0])}"
            if "prefixItems" in entry
            else f"list of {_one(items[0])}"
        )
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    limits = [f"{sign} {_number(entry[key])}" for key, sign in signs.items() if key in entry]
    return text + (f" {', '.join(limits)}" if limits else "")


def _number(limit: float) -> str:
    return f"{limit:.0f}" if limit == int(limit) and limit < 1e15 else f"{limit:g}"


if __name__ == "__main__":
    sys.exit(main())
