"""Commands for studies: init, check, run, snakefile, failures, figures, crate."""

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qdjunction.cli.commands import Command, Commands, option
from qdjunction.cli.values import (
    catalogue,
    catalogue_option,
    new_folder,
    output_file,
    output_folder,
    words,
    workflow_file,
)
from qdjunction.study import layout

if TYPE_CHECKING:
    from qdjunction.study.table import Study


def _read_study(config: str, clusters: Path | None = None) -> "Study":
    from qdjunction.study.build import make_study
    from qdjunction.study.config import read_config

    return make_study(read_config(config), catalogue(clusters), config)


class Init(Command):
    """Make a folder for a study, with a short commented config.yaml to edit."""

    folder: Path = new_folder("the folder, new or empty; the study is named after it")

    def run(self) -> None:
        from qdjunction.core.files import atomic_write

        template = workflow_file("config/config.yaml").read_text(encoding="utf-8")
        # JSON quotes any name in a way that YAML reads.
        name = json.dumps(self.folder.resolve().name, ensure_ascii=False)
        config = self.folder / "config.yaml"
        with atomic_write(config) as temporary:
            temporary.write_text(
                re.sub(r"(?m)^study: .*$", lambda _: f"study: {name}", template), encoding="utf-8"
            )
        print(f"wrote {config}; edit it, then type in its folder:")
        print("  qdjunction check config.yaml\n  qdjunction run config.yaml --cores 4")


class Check(Command):
    """Check a configuration and list its junctions."""

    config: str = option(..., "a config.yaml", positional=True)
    clusters: Path | None = catalogue_option()

    def run(self) -> None:
        from qdjunction.study.estimates import ensemble_lines, robustness_lines

        study = _read_study(self.config, self.clusters)
        name, engine = study.config.study, study.config.engine
        if study.dots or study.covers:
            number = len(study.junctions)
            junctions = f"{number} junction{'' if number == 1 else 's'}"
            print(f"{self.config}: study {name}, engine {engine}, {junctions}")
        else:
            print(f"{self.config}: study {name}, traces alone")
        for junction in study.junctions:
            role = ", control" if junction.role == "control" else ""
            print(f"  {junction.id}  {junction.left} to {junction.right}{role}")
        for dot in study.dots:
            if not dot.junctions:
                print(f"  {dot.id}  without contacts")
        for line in (*ensemble_lines(study), *robustness_lines(study)):
            print(f"  {line}")
        for entry in study.config.traces.sets if study.config.traces else ():
            print(f"  {layout.TRACES}/{entry.name}  {entry.path}")
        for series in study.structure_series:
            print(
                f"  {layout.STRUCTURE_SERIES}/{series.name}  {', '.join(one.id for one in series.junctions)}"
            )
        for reaction in study.config.reactions:
            print(f"  {reaction.name}  {reaction.equation}")
        for member in study.cover_members.values():
            sets = f", {member.distinct} symmetry-distinct site sets" if member.count else ""
            print(f"  {layout.COVER}/{member.name}  {study.dot(member.name).atoms} atoms{sets}")
        for case in study.slides:
            print(f"  {case.folder}  {case.junction.id}, {case.settings.steps} steps")


class Run(Command):
    """Check a configuration and run its study with Snakemake, in this folder; resumes a run that was killed."""

    config: str = option(..., "a config.yaml", positional=True)
    snakemake: list[str] = option(
        [], "any option of Snakemake, e.g. --cores 4, -n, or --profile slurm (default: all cores)",
        positional=True, metavar="OPTION", nargs=argparse.REMAINDER,
    )  # fmt: skip

    def run(self) -> None:
        from qdjunction.core.extras import require_extra
        from qdjunction.engine.registry import ENGINES
        from qdjunction.study.snakemake_lock import RUN_MODULE, release

        snakefile = workflow_file("Snakefile")
        # Snakemake reads the file before the Snakefile does, and raises a traceback if it is missing or not YAML.
        study = _read_study(self.config)
        require_extra(
            "workflow", "report", *(ENGINES[study.config.engine].extras if study.dots or study.covers else ())
        )
        words = self.snakemake or ["--cores", "all"]
        if not {"-n", "--dry-run", "--dryrun", "--unlock"} & set(words):
            release(Path.cwd())
        command = [sys.executable, "-m", RUN_MODULE, "--snakefile", str(snakefile)]
        command += ["--configfile", self.config, "--rerun-incomplete", *words]
        os.execv(sys.executable, command)


class Snakefile(Command):
    """Print the path of the Snakefile, for a `snakemake` of your own; profiles/slurm lies beside it."""

    def run(self) -> None:
        print(workflow_file("Snakefile"))


class Failures(Command):
    """List the failures of a study, or delete their records so that they are computed again."""

    results: str = option(..., "results folder of the study", positional=True)
    forget: bool = option(False, "delete the records; the next run of Snakemake tries again")

    def run(self) -> None:
        from qdjunction.study.failures import find_failures, forget_failures

        found = find_failures(self.results)
        for failure, paths in found.items():
            print(f"{failure.case}  {failure.step}  {failure.error}  {len(paths)} files: {failure.reason}")
        if self.forget:
            forget_failures(self.results)
        print(f"{self.results}: {len(found)} failures{' forgotten' if self.forget and found else ''}")


class Figures(Command):
    """Draw a study's figures and page again from its results, without any engine."""

    results: str = option(..., "results folder of the study, also of an unpacked archive", positional=True)
    style: str | None = option(
        None, "Matplotlib style sheet to apply on top of the report's style", metavar="FILE.mplstyle"
    )
    output: Path = output_folder("folder to write to", layout.PAGE)

    def run(self) -> None:
        from qdjunction.report.redraw import redraw

        redraw(self.results, self.output, self.style)


class Plot(Command):
    """Draw T(E) of any number of files, an observable, a series, or histograms of traces as one figure."""

    files: list[str] = option(
        ..., "files of `transmission` or TBtrans; or an observable, a series.json, the folder of `traces histogram`",
        positional=True, metavar="FILE",
    )  # fmt: skip
    labels: list[str] | None = option(
        None, "words of the legend, one for each file, e.g. para,meta", metavar="A,B", read=words
    )
    style: str | None = option(
        None, "Matplotlib style sheet to put over the report's style", metavar="FILE.mplstyle"
    )
    output: Path = output_file("figure to write", ".svg", ".pdf", ".png")

    def run(self) -> None:
        from qdjunction.core.extras import require_extra

        require_extra("report")
        from qdjunction.report.plot import plot

        plot(self.files, self.output, self.labels or (), self.style)


class Crate(Command):
    """Export a finished study as a Workflow Run RO-Crate."""

    results: str = option(..., "results folder of the study", positional=True)
    author: str = option("", "who ran the study", metavar="NAME")
    orcid: str = option("", "their ORCID, e.g. 0000-0002-1825-0097", metavar="ID")
    licence: str = option("", "licence of the results: an SPDX identifier or an address", metavar="L")
    output: Path = output_file("zip file to write")

    def run(self) -> None:
        from qdjunction.crate import write_crate
        from qdjunction.crate.metadata import People

        write_crate(self.results, self.output, People(self.author, self.orcid, self.licence))


COMMANDS: Commands = {
    "init": Init, "check": Check, "run": Run, "snakefile": Snakefile,
    "failures": Failures, "figures": Figures, "plot": Plot, "crate": Crate
}  # fmt: skip
