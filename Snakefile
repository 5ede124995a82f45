# DFT to transport for single perovskite quantum-dot junctions. The study is what config.yaml says;
# `snakemake --configfile mine.yaml` runs another one instead.
import gc
import os
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

from qdjunction.study.config import parse_config
from qdjunction.core.errors import QdjunctionError
from qdjunction.study.failures import find_failures
from qdjunction.study.table import make_study
from qdjunction.core.schema import read_yaml

min_version("9.25")

# Given config files replace the shipped one: merged, they would inherit its dots and settings unseen.
if not workflow.overwrite_configfiles:
    shipped = Path(workflow.basedir) / "config.yaml"
    try:
        read_yaml(shipped)  # says which file and line, where Snakemake does not
    except QdjunctionError as error:
        raise WorkflowError(str(error)) from None

    configfile: shipped


source = ", ".join(map(str, workflow.overwrite_configfiles)) or "config.yaml"
try:
    study = make_study(
        parse_config(config, source),
        os.path.relpath(Path(workflow.basedir) / "clusters"),
        source,
    )
except QdjunctionError as error:
    raise WorkflowError(str(error)) from None

# Jobs in conda environments of their own find the library of this checkout.
library = str(Path(workflow.basedir) / "workflow")
os.environ |= {
    "PYTHONPATH": os.pathsep.join([library, os.getenv("PYTHONPATH", "")]).rstrip(
        os.pathsep
    )
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
include: "rules/structure.smk"
include: "rules/electronic.smk"
include: "rules/transport.smk"
include: "rules/interference.smk"


if study.config.traces:

    include: "rules/traces.smk"


if study.is_screen:
    # The plan of a screening is millions of objects, none of them garbage; looking through them takes a sixth of its time.
    gc.set_threshold(1_000_000, 100, 100)

    include: "rules/overview.smk"

else:

    include: "rules/report.smk"


localrules:
    all,


onsuccess:
    if failures := find_failures(study.config.results):
        print(
            f"{len(failures)} calculations failed; the report says why, and so does"
            f" `qdjunction failures {study.config.results}`",
            file=sys.stderr,
        )


rule all:
    default_target: True
    input:
        "<results>/report/index.html",
