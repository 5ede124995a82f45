"""Metadata of a crate: JSON-LD that follows the profile Workflow Run Crate 0.5 on RO-Crate 1.1.

The profile is https://w3id.org/ro/wfrun/workflow/0.5, based on Process Run Crate 0.5 and Workflow RO-Crate 1.0.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from qdjunction import __version__
from qdjunction.core.errors import InputError
from qdjunction.core.provenance import Provenance, commit
from qdjunction.crate.contents import RESULTS
from qdjunction.engine.contract import EngineInfo
from qdjunction.study.failures import Failure
from qdjunction.study.records import Record, record_path
from qdjunction.study.study_file import RECORD
from qdjunction.study.table import Study

METADATA = "ro-crate-metadata.json"

Node = dict[str, Any]

_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_FORMATS = {
    ".cff": "text/yaml", ".csv": "text/csv", ".extxyz": "chemical/x-xyz", ".html": "text/html",
    ".json": "application/json", ".md": "text/markdown", ".nc": "application/x-netcdf",
    ".parquet": "application/vnd.apache.parquet", ".pdf": "application/pdf", ".svg": "image/svg+xml",
    ".toml": "application/toml", ".tsv": "text/tab-separated-values", ".yaml": "text/yaml", ".zip": "application/zip",
}  # fmt: skip
_FOLDERS = {
    "clusters/": "The dots of the study as the catalogue defines them.",
    "envs/": "Environments of the rules.",
    "profiles/": "Snakemake profiles for running the workflow on clusters.",
    f"{RESULTS}/": "Everything that the study computed.",
    f"{RESULTS}/benchmarks/": "Time and memory of every job, as Snakemake measured them.",
    f"{RESULTS}/logs/": "The log of every job.",
    f"{RESULTS}/report/": "The report: one page, and its figures with their source data.",
    "rules/": "The rules of the workflow.",
    "workflow/": "The scripts of the rules and the library that they call.",
}
_UNLISTED = ("envs/", "profiles/", "rules/", "workflow/")
"""Folders of code that are described as one entity."""
_HOMES = {
    "ase": "https://ase-lib.org", "matplotlib": "https://matplotlib.org", "netCDF4":
    "https://unidata.github.io/netcdf4-python/", "mkl":
    "https://www.intel.com/content/www/us/en/developer/tools/oneapi/onemkl.html", "numpy": "https://numpy.org",
    "pandas": "https://pandas.pydata.org", "pyarrow": "https://arrow.apache.org", "python": "https://www.python.org",
    "scikit-learn": "https://scikit-learn.org", "scipy": "https://scipy.org", "siesta": "https://siesta-project.org",
    "sisl": "https://zerothi.github.io/sisl/", "snakemake": "https://snakemake.github.io", "statsmodels":
    "https://www.statsmodels.org", "tblite": "https://tblite.readthedocs.io", "xarray": "https://xarray.dev",
}  # fmt: skip
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")


@dataclass(frozen=True)
class People:
    """Author of a study and licence of its results, which the results do not contain.

    Attributes
    ----------
    author : str
        Who ran the study; empty if that is not stated.
    orcid : str
        Their ORCID, e.g. ``0000-0002-1825-0097``.
    licence : str
        Licence of the results: an SPDX identifier such as ``CC-BY-4.0``, or an address.
    """

    author: str = ""
    orcid: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        if self.orcid and not (_ORCID.fullmatch(self.orcid) and self.author):
            raise InputError(
                f"--orcid {self.orcid}: write it as 0000-0002-1825-0097, and the name with --author"
            )
        if self.licence and not re.fullmatch(r"https?://\S+|[A-Za-z0-9.+-]+", self.licence):
            raise InputError(
                f"--licence {self.licence}: write an SPDX identifier such as CC-BY-4.0, or an address"
            )


@dataclass(frozen=True)
class Described:
    """A file in the crate: its path, size, digest and provenance."""

    path: str
    size: int
    sha256: str
    record: Record | None


def metadata(study: Study, files: Sequence[Described], people: People) -> Node:
    """Return the description of a crate.

    Parameters
    ----------
    study : Study
        The study.
    files : sequence of Described
        All its files except the description itself.
    people : People
        Author and licence.

    Returns
    -------
    dict
        The content of ``ro-crate-metadata.json``.
    """
    failed = list(_failed(files))
    steps = [*_steps(files), *failed]
    times = sorted(time for step in steps for time in (step.get("startTime"), step.get("endTime")) if time)
    commits = sorted({_commit(file.record) for file in files if file.record} - {""})
    software = _software(files)
    agent = _agent(people)
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of the study {study.config.study}",
        "description": f"Dots: {len(study.dots)}, junctions: {len(study.junctions)}, engine: {study.config.engine}, "
        f"calculations recorded as failed: {len(failed)}.",
        "instrument": {"@id": "Snakefile"},
        "object": [{"@id": "config.yaml"}, {"@id": "clusters/"}],
        "result": {"@id": f"{RESULTS}/"},
        "actionStatus": "http://schema.org/CompletedActionStatus",
        **({"startTime": times[0], "endTime": times[-1]} if times else {}),
    }
    actions = [run, *steps]
    if agent:
        for action in actions:
            action["agent"] = {"@id": agent["@id"]}
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{study.config.study}: quantum transport through perovskite quantum-dot junctions",
        "description": f"The study {study.config.study}, run with qdjunction: "
        + ", ".join(dot.id for dot in study.dots[:20])
        + (f" and {len(study.dots) - 20} more dots." if len(study.dots) > 20 else "."),
        "datePublished": times[-1] if times else "1980-01-01",
        "license": {"@id": _licence(people)},
        "conformsTo": [{"@id": profile} for profile in _PROFILES],
        "mainEntity": {"@id": "Snakefile"},
        "mentions": _refs(action["@id"] for action in actions),
        **({"author": {"@id": agent["@id"]}} if agent else {}),
    }
    data = _data(files, root)
    return {
        "@context": [
            "https://w3id.org/ro/crate/1.1/context",
            {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"},
        ],
        "@graph": [
            {
                "@id": METADATA,
                "@type": "CreativeWork",
                "about": {"@id": "./"},
                "conformsTo": [
                    {"@id": "https://w3id.org/ro/crate/1.1"},
                    {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
                ],
            },
            root,
            *(
                {"@id": profile, "@type": "CreativeWork", "name": name, "version": version}
                for profile, (name, version) in _PROFILES.items()
            ),
            _licence_node(people),
            {
                "@id": "https://spdx.org/licenses/MIT",
                "@type": "CreativeWork",
                "name": "MIT License",
                "description": "Licence of the workflow.",
            },
            *([agent] if agent else []),
            *_workflow(commits, software),
            *data,
            *software,
            *actions,
        ],
    }


def readme(study: Study) -> str:
    """Return the text of the README of the crate."""
    return f"""\
# {study.config.study}

A study of single perovskite quantum-dot junctions with qdjunction {__version__}, packed as a Workflow Run RO-Crate.

- `{RESULTS}/report/index.html`: the report; it opens offline.
- `{RESULTS}/`: all results. `{RESULTS}/{RECORD}` has the settings with all defaults.
- `Snakefile`, `rules/`, `workflow/`, `config.yaml`, `clusters/`: the workflow as it was when the crate was made.
- `{METADATA}`: machine-readable provenance of every file: when, from what and with which versions it was made.

Draw all figures again, without any engine, in this folder:

    make figures

To continue the study from an archive, which does not preserve file times, run `snakemake --touch --cores 1` once, then
`make report`. To repeat it: `snakemake --cores 2 --forceall`. Files outside of the study that the configuration names
(pseudopotentials, crystals for complex bands, measured traces) are not included; their digests are in the results.
"""


def _id(path: str) -> str:
    return quote(path)


def _refs(identities: Iterable[str]) -> Node | list[Node]:
    """Return references to other nodes; a single one without a list, as RO-Crate recommends."""
    nodes = [{"@id": identity} for identity in identities]
    return nodes[0] if len(nodes) == 1 else nodes


def _data(files: Sequence[Described], root: Node) -> list[Node]:
    """Return the nodes of files and folders, each a part of its parent folder."""
    nodes: dict[str, Node] = {"": root}
    for file in files:
        folder = next((folder for folder in _UNLISTED if file.path.startswith(folder)), None)
        if folder:
            _folder(folder, nodes)
            continue
        parent = _folder(file.path.rpartition("/")[0], nodes)
        node: Node = {
            "@id": _id(file.path),
            "@type": "File",
            "name": file.path,
            "contentSize": str(file.size),
            "sha256": file.sha256,
            "encodingFormat": _FORMATS.get(PurePosixPath(file.path).suffix, "text/plain"),
        }
        if file.record and file.record.failure:
            node |= {
                "encodingFormat": "application/json",
                "description": f"No result. {file.record.failure}",
            }
        if file.record and (time := _time(file.record.provenance.time)):
            node["dateCreated"] = time
        if file.path == "config.yaml":
            node |= {
                "exampleOfWork": {"@id": "#config"},
                "description": "Settings of the study, with all defaults.",
            }
        if file.path == "README.md":
            node["about"] = {"@id": "./"}
        if file.path != "Snakefile":  # the workflow itself is described in more detail
            nodes[file.path] = node
        parent.setdefault("hasPart", []).append(node["@id"])
    del nodes[""]
    for node in (root, *nodes.values()):
        if "hasPart" in node:
            node["hasPart"] = _refs(node["hasPart"])
    return list(nodes.values())


def _folder(path: str, nodes: dict[str, Node]) -> Node:
    path = path.rstrip("/")
    if path not in nodes:
        parent = _folder(path.rpartition("/")[0], nodes)
        identity = f"{_id(path)}/"
        nodes[path] = {
            "@id": identity,
            "@type": "Dataset",
            "name": path,
            "description": _FOLDERS.get(f"{path}/", f"Results in {path}."),
        }
        if path in ("clusters", RESULTS):
            nodes[path]["exampleOfWork"] = {"@id": f"#{path}"}
        parent.setdefault("hasPart", []).append(identity)
    return nodes[path]


def _workflow(commits: Sequence[str], software: Iterable[Node]) -> Iterator[Node]:
    """Yield the nodes of the workflow, its language and its parameters."""
    language = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
    summary = f" Here at commit {commit() or 'unknown'}."
    summary += f" The results were made at commit {', '.join(commits)}." if commits else ""
    yield {
        "@id": "Snakefile",
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "qdjunction",
        "description": f"DFT to transport for single perovskite quantum-dot junctions.{summary}",
        "version": __version__,
        "encodingFormat": "text/plain",
        "programmingLanguage": {"@id": language},
        "conformsTo": {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"},
        "license": {"@id": "https://spdx.org/licenses/MIT"},
        "hasPart": [{"@id": folder} for folder in _UNLISTED],
        "input": [{"@id": "#config"}, {"@id": "#clusters"}],
        "output": {"@id": f"#{RESULTS}"},
        "softwareRequirements": _refs(node["@id"] for node in software),
    }
    yield {
        "@id": language,
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "identifier": {"@id": "https://snakemake.github.io"},
        "url": {"@id": "https://snakemake.github.io"},
    }
    for name, kind, example in (
        ("config", "File", "config.yaml"),
        ("clusters", "Dataset", "clusters/"),
        (RESULTS, "Dataset", f"{RESULTS}/"),
    ):
        yield {
            "@id": f"#{name}",
            "@type": "FormalParameter",
            "name": name,
            "additionalType": kind,
            "conformsTo": {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"},
            "workExample": {"@id": example},
        }


def _software(files: Sequence[Described]) -> list[Node]:
    """Return the nodes of every version of every program used, and of the workflow's own code at each commit."""
    found: dict[tuple[str, str], None] = {}
    code: dict[str, Node] = {}
    for record in (file.record for file in files if file.record):
        made = record.provenance
        code[_code(record)] = {
            "@id": _code(record),
            "@type": "SoftwareApplication",
            "name": "qdjunction",
            "softwareVersion": f"{made.qdjunction}, commit {_commit(record) or 'unknown'}",
        }
        engine = record.engine.versions if record.engine else {}
        for name, version in {"python": made.python, **made.packages, **engine}.items():
            if version:
                found[(str(name), str(version))] = None
    nodes = [code[identity] for identity in sorted(code)]
    for name, version in sorted(found):
        home = _HOMES.get(name, "")
        node = {
            "@id": f"{home}#{quote(version)}" if home else f"#{quote(f'{name}-{version}')}",
            "@type": "SoftwareApplication",
            "name": name,
            "softwareVersion": version,
        }
        nodes.append(node | ({"url": home} if home else {}))
    return nodes


def _steps(files: Sequence[Described]) -> Iterator[Node]:
    """Yield one action for each record of a result: inputs, outputs, times, corrections."""
    by_digest = {file.sha256: file.path for file in reversed(files)}
    results: dict[str, list[Described]] = {}
    for file in files:
        if file.record and not file.record.failure:
            results.setdefault(record_path(file.path).as_posix(), []).append(file)
    for path, made in sorted(results.items()):
        record = made[0].record
        assert record is not None
        inputs = map(by_digest.get, record.provenance.inputs.values())
        used = sorted({name for name in inputs if name})
        corrections = _corrections(record.engine) if record.engine else ""
        summary = [f"Engine {record.engine.method}"] if record.engine else []
        summary += [f"On {record.provenance.host}, {record.provenance.machine}"]
        summary += [f"Corrections: {corrections}"] if corrections else []
        yield {
            "@id": f"#made/{_id(path)}",
            "@type": "CreateAction",
            "name": f"Computation of {path}",
            "description": ". ".join(summary) + ".",
            "instrument": {"@id": _code(record)},
            **({"object": _refs(_id(name) for name in used)} if used else {}),
            "result": _refs(_id(file.path) for file in made),
            "actionStatus": "http://schema.org/CompletedActionStatus",
            **_times(record.provenance),
        }


def _failed(files: Sequence[Described]) -> Iterator[Node]:
    """Yield one action for each failure, with its reason and the records in place of results."""
    failures: dict[Failure, list[str]] = {}
    for file in files:
        if file.record and file.record.failure:
            failures.setdefault(file.record.failure, []).append(file.path)
    for number, (failure, paths) in enumerate(failures.items(), start=1):
        yield {
            "@id": f"#failed/{number}",
            "@type": "CreateAction",
            "name": f"{failure.step} of {failure.case}",
            "description": f"A calculation that failed: {failure.error}.",
            "instrument": {"@id": _code(Record(failure.provenance, None))},
            "result": _refs(_id(path) for path in paths),
            "actionStatus": "http://schema.org/FailedActionStatus",
            "error": str(failure.reason),
            **_times(failure.provenance),
        }


def _corrections(engine: EngineInfo) -> str:
    """Return the corrections made to converge a calculation."""
    made = engine.settings.get("corrections")
    summary = [
        f"after attempt {one.get('attempt')} ({one.get('failure')}) {one.get('action')}"
        for one in (made if isinstance(made, list) else [])
        if isinstance(one, Mapping)
    ]
    return "; ".join(summary)


def _times(made: Provenance) -> dict[str, str]:
    times = {"startTime": _time(made.begun), "endTime": _time(made.time)}
    return {key: time for key, time in times.items() if time}


def _time(value: str) -> str:
    """Return an ISO time, or an empty text."""
    try:
        return datetime.fromisoformat(value).isoformat(timespec="seconds")
    except ValueError:
        return ""


def _code(record: Record) -> str:
    """Return the identity of the workflow's own code that made a result."""
    return "#" + quote(f"qdjunction-{record.provenance.qdjunction}-{_commit(record) or 'unknown'}")


def _commit(record: Record | None) -> str:
    return record.provenance.commit if record else ""


def _agent(people: People) -> Node | None:
    if not people.author:
        return None
    identity = f"https://orcid.org/{people.orcid}" if people.orcid else "#author"
    return {"@id": identity, "@type": "Person", "name": people.author}


def _licence(people: People) -> str:
    if not people.licence:
        return "#no-licence"
    return people.licence if "://" in people.licence else f"https://spdx.org/licenses/{people.licence}"


def _licence_node(people: People) -> Node:
    if not people.licence:
        return {
            "@id": "#no-licence",
            "@type": "CreativeWork",
            "name": "No licence stated",
            "description": "The authors have not stated under which licence the results may be used; ask them.",
        }
    return {
        "@id": _licence(people),
        "@type": "CreativeWork",
        "name": people.licence,
        "description": "Licence of the results.",
    }
