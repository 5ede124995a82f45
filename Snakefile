# DFT to transport for single perovskite quantum-dot junctions. config.yaml defines the study;
# `snakemake --configfile mine.yaml` runs another one instead. As a module of another workflow (config/README.md) it
# runs the study of that workflow's `config`.
import gc
import os
import re
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

from qdjunction.study.config import parse_config, read_values
from qdjunction.core.errors import QdjunctionError
from qdjunction.core.installation import library_path
from qdjunction.study.failures import find_failures
from qdjunction.study.snakemake_lock import Holder, find_holder, forget_run, record_run
from qdjunction.study.build import make_study

min_version("9.25")

# Snakemake's own message states neither which process holds the lock nor whether it still runs.
if workflow.is_main_process:
    # A job that outlives its Snakemake on a cluster does not prevent `--unlock`; the next run waits for it
    # (docs/cluster.md).
    holder, sentence = find_holder(Path.cwd(), jobs="--unlock" not in sys.argv)
    if holder is Holder.ALIVE and "--unlock" in sys.argv:
        raise WorkflowError(sentence)
    if holder is not Holder.NOBODY and "--unlock" not in sys.argv:
        print(sentence, file=sys.stderr)

# This file may be included from workflow/Snakefile, or be a module.
here = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
namespace = workflow.modifier.namespace

# Given config files replace the shipped one: if merged, they would silently inherit its dots and settings. They are read
# here, since Snakemake silently drops the first of two equal keys.
shipped = here / "config.yaml"
if namespace:
    source = f"config of the module {namespace}"
else:
    source = ", ".join(map(str, workflow.overwrite_configfiles)) or "config.yaml"
try:
    values = (
        config
        if namespace
        else read_values(
            workflow.overwrite_configfiles or [shipped],
            workflow.config_settings.config_args or [],
        )
    )
    study = make_study(
        parse_config(values, source),
        os.path.relpath(here / "clusters"),
        source,
        tried=workflow.is_main_process,
    )
except QdjunctionError as error:
    raise WorkflowError(str(error)) from None

if not namespace and not workflow.overwrite_configfiles:

    configfile: shipped


# Jobs in their own conda environments find the library that this process uses. The sbatch of the profile passes on only
# the job id, see docs/cluster.md. Snakemake puts the path of its Python into commands without quotes; if it contains a
# space, only the name is used and found on PATH.
library = str(library_path(Path.cwd() / ".snakemake" / "qdjunction"))
programs = [str(here / "profiles" / "slurm" / "bin")]
if shlex.quote(sys.executable) != sys.executable:
    programs.append(os.path.dirname(sys.executable))
    sys.executable = os.path.basename(sys.executable)
os.environ |= {
    "PYTHONPATH": os.pathsep.join([library, os.getenv("PYTHONPATH", "")]).rstrip(
        os.pathsep
    ),
    "PATH": os.pathsep.join([*programs, os.getenv("PATH", "")]).rstrip(os.pathsep),
}


pathvars:
    results=study.config.results,
    logs=f"{study.config.results}/logs",
    benchmarks=f"{study.config.results}/benchmarks",


wildcard_constraints:
    dot=r"[^/]+",
    junction=r"[^/]+",
    set=r"[^/]+",
    series=r"[^/]+",


include: "rules/common.smk"
include: "rules/resources.smk"
include: "rules/structure.smk"
include: "rules/electronic.smk"
include: "rules/transport.smk"
include: "rules/interference.smk"


if study.members:

    include: "rules/ensemble.smk"


if study.config.cover:

    include: "rules/cover.smk"


if study.config.traces:

    include: "rules/traces.smk"


if study.is_screen:
    # The plan of a screening is millions of objects, none of them garbage; searching them takes a sixth of the time.
    gc.set_threshold(1_000_000, 100, 100)

    include: "rules/overview.smk"

else:

    include: "rules/report.smk"


localrules:
    all,


onstart:
    if workflow.is_main_process:
        record_run(Path.cwd())


onerror:
    if workflow.is_main_process:
        forget_run(Path.cwd())


onsuccess:
    if workflow.is_main_process:
        forget_run(Path.cwd())
    page = Path(study.config.results, "report", "index.html")
    if page.is_file():
        print(f"report: {page}", file=sys.stderr)
    if failures := find_failures(study.config.results):
        print(
            f"{len(failures)} calculations failed; the report and"
            f" `qdjunction failures {study.config.results}` list the reasons",
            file=sys.stderr,
        )


rule all:
    default_target: True
    input:
        "<results>/report/index.html",
