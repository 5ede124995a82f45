"""The command line: each verb is a few lines over `qdjunction.steps`."""

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qdjunction import __version__
from qdjunction.core.errors import InputError, QdjunctionError
from qdjunction.number_lists import parse_numbers
from qdjunction.outputs import output_file, output_folder
from qdjunction.verbs import add_verb

if TYPE_CHECKING:
    from qdjunction.engine.contract import Engine

XYZ = (".extxyz", ".xyz")

EXAMPLE = """\
one junction by hand:
  qdjunction dot 1Pb --cation MA --halide Br --output dot.extxyz
  qdjunction relax dot.extxyz --engine xtb --output relaxed.extxyz
  qdjunction junction relaxed.extxyz --left L --right R2 --layers 3 --output junction.extxyz
  qdjunction hamiltonian junction.extxyz --engine xtb --output h.nc
  qdjunction transmission h.nc --energies=-2:2:0.01 --leads wide-band:1.0 --output t.nc

a whole study, through Snakemake:
  qdjunction run mine.yaml --cores 4
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 2 after bad input and failed calculations, 130 after Ctrl-C."""
    given = sys.argv[1:] if arguments is None else arguments
    command = " ".join(["qdjunction", *given[:1]])
    try:
        options = _parser().parse_args(given)
        from qdjunction.core.logs import log_to_terminal

        log_to_terminal()
        options.run(options)
    except QdjunctionError as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{command}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{command}: interrupted; the same command resumes from what is finished", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qdjunction",
        description="DFT to transport for single perovskite quantum-dot junctions.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"qdjunction {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verb = partial(add_verb, verbs)

    dot = verb("dot", _dot, "build a neutral, unrelaxed dot")
    dot.add_argument("name", help="dot of the catalogue, e.g. 12Pb")
    dot.add_argument("--cation", default="MA", help="MA or Cs (default: %(default)s)")
    dot.add_argument(
        "--halide", default="Br", help="Cl, Br, I or a mixture, e.g. Br0.72Cl0.28 (default: %(default)s)"
    )
    dot.add_argument(
        "--seed", type=int, default=0, help="seed of the halide order of a mixture (default: %(default)s)"
    )
    dot.add_argument(
        "--short-range-order",
        type=float,
        default=0.0,
        metavar="A",
        help="Warren-Cowley parameter of a mixture (default: %(default)s, random)",
    )
    dot.add_argument(
        "--clusters",
        default=None,
        metavar="DIR",
        help="folder of the catalogue (default: that of the checkout)",
    )
    _output(dot, "extended XYZ file to write; a record is written beside it as .json", *XYZ)

    junction = verb("junction", _junction, "put a dot between two gold pyramids")
    junction.add_argument("structure", help="extended XYZ file of a dot")
    junction.add_argument("--left", default="L", help="left contact (default: %(default)s)")
    junction.add_argument("--right", required=True, help="right contact, e.g. R4")
    junction.add_argument(
        "--layers", type=int, default=3, help="layers of a pyramid (default: %(default)s, 10 atoms)"
    )
    junction.add_argument(
        "--lead-layers", type=int, default=1, help="outermost layers that are lead (default: %(default)s)"
    )
    junction.add_argument(
        "--apex-distance",
        type=float,
        default=None,
        metavar="ANG",
        help="apex to halide (Ang; default: by halide)",
    )
    _output(junction, "extended XYZ file to write; a record is written beside it as .json", *XYZ)

    relax = verb("relax", _relax, "relax a structure; a second call resumes where a killed one stopped")
    relax.add_argument("structure", help="extended XYZ file")
    _engine(relax)
    relax.add_argument(
        "--fmax", type=float, default=0.05, help="largest force at the end (eV/Ang, default: %(default)s)"
    )
    relax.add_argument(
        "--max-steps", type=int, default=2000, help="steps to give up after (default: %(default)s)"
    )
    _output(relax, "extended XYZ file to write; a record is written beside it as .json", *XYZ)

    hamiltonian = verb("hamiltonian", _hamiltonian, "compute H and S, Fermi energy at zero")
    hamiltonian.add_argument("structure", nargs="?", help="extended XYZ file of a dot or junction")
    hamiltonian.add_argument(
        "--from",
        dest="run_dir",
        type=Path,
        metavar="RUNDIR",
        help="folder of a finished SIESTA run to read instead of computing (with --engine siesta)",
    )
    _engine(hamiltonian)
    _output(hamiltonian, "netCDF file to write; sisl opens it", ".nc")

    siesta_input = verb("siesta-input", _siesta_input, "write a folder that SIESTA can be run in by hand")
    siesta_input.add_argument("structure", help="extended XYZ file of a dot or junction")
    _siesta(siesta_input)
    siesta_input.add_argument(
        "--fmax",
        type=float,
        default=None,
        metavar="F",
        help="relax to this largest force component (eV/Ang; default: H and S at the geometry given)",
    )
    siesta_input.add_argument(
        "--max-steps", type=int, default=500, help="moves of a relaxation (default: %(default)s)"
    )
    siesta_input.add_argument(
        "--lead",
        metavar="NxM",
        default=None,
        help="a periodic structure is a bulk lead: k-points across it, e.g. 4x4, as in the device",
    )
    siesta_input.add_argument(
        "--output", required=True, metavar="RUNDIR", type=output_folder("--output"), help="folder to write"
    )

    convergence = verb(
        "siesta-convergence",
        _siesta_convergence,
        "run SIESTA with mesh, energy shift and basis changed one at a time, and tabulate gap, energy and forces",
    )
    convergence.add_argument("structure", help="extended XYZ file, best a small dot")
    _siesta(convergence)
    _resources(convergence)
    _output(convergence, "CSV file to write; a second call resumes where a killed one stopped", ".csv")

    transmission = verb("transmission", _transmission, "compute T(E) of a junction")
    transmission.add_argument(
        "hamiltonian",
        help="file of `qdjunction hamiltonian`, a SIESTA run's folder, or any Hamiltonian that sisl reads",
    )
    transmission.add_argument(
        "--energies",
        default="-2:2:0.01",
        help="first:last:step in eV, relative to E_F; write --energies=-2:2:0.01",
    )
    transmission.add_argument(
        "--leads",
        default="wide-band:1.0",
        help="wide-band:g or cluster:g (g in eV), wire, or bulk:electrode.TSHS (default: %(default)s)",
    )
    transmission.add_argument(
        "--left-atoms", help="left lead atoms, counted from 0, e.g. 290-299,305; default: tagged ones"
    )
    transmission.add_argument("--right-atoms", help="right lead atoms, likewise")
    transmission.add_argument(
        "--fermi",
        type=float,
        metavar="E",
        help="Fermi energy (eV) in the zero of the file, for files that do not state it; 0: it is at zero already",
    )
    transmission.add_argument(
        "--electrode-fermi", type=float, metavar="E", help="the same for the file of a bulk electrode"
    )
    transmission.add_argument(
        "--axis",
        metavar="a|b|c",
        help="lattice vector along which the leads lie (default: found from their atoms)",
    )
    transmission.add_argument(
        "--spin", metavar="up|down", help="spin direction of a spin-polarised file (also 0 or 1)"
    )
    transmission.add_argument(
        "--solver",
        default="auto",
        help="contact-reduction, direct, layers, or auto, the one with least work (default: %(default)s)",
    )
    transmission.add_argument(
        "--kpoints",
        default="1",
        metavar="N1xN2",
        help="k points across the transport direction, e.g. 4x4 (default: Gamma alone)",
    )
    transmission.add_argument(
        "--eta", type=float, metavar="EV", help="imaginary energy (eV) inside wire and bulk leads"
    )
    transmission.add_argument(
        "--eigenchannels", type=int, default=0, metavar="N", help="write the N largest T_n at each energy too"
    )
    transmission.add_argument(
        "--ldos",
        metavar="E",
        help="write the local density of states at these energies too, e.g. --ldos=-1,0",
    )
    transmission.add_argument(
        "--linear-response",
        type=output_file("--linear-response"),
        metavar="FILE.csv",
        help="table of G, d log10 G / dE_F, thermopower, heat conductance and ZT at every E_F",
    )
    transmission.add_argument(
        "--temperature", type=float, default=300.0, metavar="K", help="of that table (default: %(default)s)"
    )
    transmission.add_argument(
        "--cache",
        type=output_folder("--cache"),
        metavar="DIR",
        help="keep the surfaces of bulk electrodes there, for later runs",
    )
    _output(transmission, "netCDF file to write: .nc for xarray, .TBT.nc for sisl")

    decay = verb("decay", _decay, "fit the attenuation factor beta and judge the jump of the last contact")
    decay.add_argument(
        "transmissions", nargs="+", metavar="T.nc", help="files of `qdjunction transmission`, in order"
    )
    decay.add_argument(
        "--distances", required=True, help="distances of the contacts in Ang, e.g. 3.9,9.2,14.5,17.5"
    )
    decay.add_argument(
        "--at",
        type=float,
        default=0.0,
        metavar="E",
        help="energy in eV relative to E_F (default: %(default)s)",
    )
    decay.add_argument(
        "--jump-decades", type=float, default=0.4, help="least rise that is a jump (default: %(default)s)"
    )
    decay.add_argument(
        "--confidence", type=float, default=0.68, help="of interval and band (default: %(default)s)"
    )

    check = verb("check", _check, "check a configuration and list the junctions it asks for")
    check.add_argument("config", help="a config.yaml")
    check.add_argument(
        "--clusters",
        default=None,
        metavar="DIR",
        help="folder of the catalogue (default: that of the checkout)",
    )

    run = verb("run", _run, "check a configuration and run its study with Snakemake, in this folder")
    run.add_argument("config", help="a config.yaml")
    run.add_argument(
        "snakemake",
        nargs=argparse.REMAINDER,
        metavar="OPTION",
        help="any option of Snakemake, e.g. --cores 4, -n, or --profile slurm (default: all cores)",
    )

    failures = verb(
        "failures", _failures, "list what failed in a study, or forget it so that it is done again"
    )
    failures.add_argument("results", help="results folder of the study")
    failures.add_argument(
        "--forget", action="store_true", help="delete the records; the next run of Snakemake tries again"
    )

    figures = verb(
        "figures", _figures, "draw a study's figures and page again from its results, without any engine"
    )
    figures.add_argument("results", help="results folder of the study, also of an unpacked archive")
    figures.add_argument(
        "--style", metavar="FILE.mplstyle", help="Matplotlib style sheet to put over the report's style"
    )
    figures.add_argument(
        "--output", required=True, metavar="DIR", type=output_folder("--output"), help="folder to write to"
    )

    crate = verb("crate", _crate, "export a finished study as a Workflow Run RO-Crate")
    crate.add_argument("results", help="results folder of the study")
    crate.add_argument("--author", default="", metavar="NAME", help="who ran the study")
    crate.add_argument("--orcid", default="", metavar="ID", help="their ORCID, e.g. 0000-0002-1825-0097")
    crate.add_argument(
        "--licence", default="", metavar="L", help="of the results: an SPDX identifier or an address"
    )
    _output(crate, "zip file to write")

    from qdjunction import traces_cli

    traces = verbs.add_parser("traces", help="analyse and simulate break-junction traces")
    traces_cli.add_verbs(traces)
    return parser


def _output(parser: argparse.ArgumentParser, text: str, *suffixes: str) -> None:
    parser.add_argument(
        "--output", required=True, metavar="FILE", type=output_file("--output", *suffixes), help=text
    )


def _engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        default="xtb",
        help="xtb, the embedded GFN1-xTB model, or siesta, which SIESTA_COMMAND names (default: %(default)s)",
    )
    _siesta(parser)
    _resources(parser)


def _resources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=int, default=None, help="threads (default: OMP_NUM_THREADS)")
    parser.add_argument(
        "--workdir",
        type=output_folder("--workdir"),
        default=None,
        metavar="DIR",
        help="folder of the engine's files (default: beside the output)",
    )


def _siesta(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pseudos",
        metavar="DIR",
        default=None,
        help="SIESTA: folder of the pseudopotentials, Pb.psml or Pb.psf",
    )
    parser.add_argument(
        "--protocol", default=None, help="SIESTA: default, fast or tight (docs/siesta.md; default: default)"
    )


def _siesta_values(options: argparse.Namespace) -> dict[str, str]:
    """What the options say of SIESTA's settings."""
    given = {"pseudopotentials": options.pseudos, "protocol": options.protocol}
    return {key: value for key, value in given.items() if value is not None}


def _chosen_engine(options: argparse.Namespace) -> "Engine":
    from qdjunction.engine.registry import make_engine

    values = _siesta_values(options)
    if values and options.engine != "siesta":
        raise InputError("--pseudos and --protocol belong to --engine siesta")
    return make_engine(options.engine, values, threads=options.threads)


def _workdir(options: argparse.Namespace) -> Path:
    return options.workdir or options.output.with_name(f"{options.output.stem}.work")


def _clusters(options: argparse.Namespace) -> Path:
    if getattr(options, "clusters", None):
        return Path(options.clusters)
    return _checkout("clusters", "name the folder of the dots' YAML files with --clusters")


def _checkout(name: str, remedy: str) -> Path:
    """A file or folder of the checkout that this package runs from."""
    path = Path(__file__).parents[2] / name
    if not path.exists():
        raise InputError(f"this installation has no {name} beside it; {remedy}")
    return path


def _dot(options: argparse.Namespace) -> None:
    from qdjunction.steps.structure import dot
    from qdjunction.structure.perovskite.catalogue import load_dot

    definition = load_dot(options.name, _clusters(options))
    dot(
        definition,
        options.cation,
        options.halide,
        options.seed,
        options.short_range_order,
        options.output,
        options.output.with_suffix(".json"),
    )


def _junction(options: argparse.Namespace) -> None:
    from qdjunction.core.schema import validate
    from qdjunction.steps.structure import junction
    from qdjunction.study.config import ElectrodeSettings

    values = {
        "layers": options.layers,
        "lead_layers": options.lead_layers,
        "apex_distance_ang": options.apex_distance,
    }
    electrodes = validate(ElectrodeSettings, values, "command line")
    junction(
        options.structure,
        options.left,
        options.right,
        electrodes,
        options.output,
        options.output.with_suffix(".json"),
    )


def _relax(options: argparse.Namespace) -> None:
    from qdjunction.core.limits import Force, check_value
    from qdjunction.steps.structure import relax

    relax(
        options.structure,
        _chosen_engine(options),
        _workdir(options),
        check_value(Force, options.fmax, "--fmax (eV/Ang)"),
        options.max_steps,
        options.output,
        options.output.with_suffix(".json"),
    )


def _hamiltonian(options: argparse.Namespace) -> None:
    from qdjunction.steps.electronic import hamiltonian, hamiltonian_of_run

    if (options.run_dir is None) == (options.structure is None):
        raise InputError("give either a structure to compute or, with --from, a finished run to read")
    if options.run_dir is None:
        hamiltonian(options.structure, _chosen_engine(options), _workdir(options), options.output)
    elif options.engine != "siesta":
        raise InputError("--from reads a run of SIESTA; add --engine siesta")
    else:
        hamiltonian_of_run(options.run_dir, options.output)


def _siesta_input(options: argparse.Namespace) -> None:
    from qdjunction.core.limits import Force, check_value
    from qdjunction.core.schema import validate
    from qdjunction.engine.siesta.settings import SiestaSettings
    from qdjunction.steps.electronic import siesta_input, siesta_lead_input

    settings = validate(SiestaSettings, _siesta_values(options), "command line")
    if options.fmax is not None:
        check_value(Force, options.fmax, "--fmax (eV/Ang)")
    if options.lead is None:
        siesta_input(options.structure, settings, options.output, options.fmax, options.max_steps)
        return
    if options.fmax is not None:
        raise InputError("--lead and --fmax: a lead is not relaxed; leave --fmax out")
    first, _, second = options.lead.partition("x")
    if not (first.isdecimal() and second.isdecimal() and int(first) and int(second)):
        raise InputError(f"--lead = {options.lead!r}: not two numbers of k-points; write e.g. 4x4")
    siesta_lead_input(options.structure, settings, options.output, (int(first), int(second)))


def _siesta_convergence(options: argparse.Namespace) -> None:
    from qdjunction.core.schema import validate
    from qdjunction.engine.siesta.settings import SiestaSettings
    from qdjunction.steps.electronic import siesta_convergence

    settings = validate(SiestaSettings, _siesta_values(options), "command line")
    siesta_convergence(options.structure, settings, _workdir(options), options.output, options.threads or 1)


def _transmission(options: argparse.Namespace) -> None:
    from qdjunction.core.limits import Temperature, check_value
    from qdjunction.steps.transport import compute_transmission
    from qdjunction.transport import parse_axis, parse_energies, parse_kpoints, parse_leads, parse_spin

    left, right = (
        None if text is None else _atom_list(flag, text)
        for flag, text in (("--left-atoms", options.left_atoms), ("--right-atoms", options.right_atoms))
    )
    spin = None if options.spin is None else parse_spin(options.spin)
    compute_transmission(
        options.hamiltonian,
        parse_energies(options.energies),
        parse_leads(
            options.leads,
            options.eta,
            options.cache,
            spin=spin,
            electrode_fermi_ev=options.electrode_fermi,
        ),
        options.output,
        left,
        right,
        options.fermi,
        solver=options.solver,
        kpoints=parse_kpoints(options.kpoints),
        channels=options.eigenchannels,
        density_energies_ev=None if options.ldos is None else parse_energies(options.ldos),
        response_table=options.linear_response,
        temperature_k=check_value(Temperature, options.temperature, "--temperature (K)"),
        axis=None if options.axis is None else parse_axis(options.axis),
        spin=spin,
    )


def _decay(options: argparse.Namespace) -> None:
    from qdjunction.core.schema import validate
    from qdjunction.interference.settings import InterferenceSettings
    from qdjunction.steps.interference import decay_of

    values = {"jump_decades": options.jump_decades, "confidence": options.confidence}
    settings = validate(InterferenceSettings, values, "command line")
    spectrum = decay_of(options.transmissions, parse_numbers("--distances", options.distances), settings)
    verdict = spectrum.at(options.at)
    print(f"at E_F {options.at:+g} eV")
    print(verdict.fit)
    print(verdict.sentence)


def _check(options: argparse.Namespace) -> None:
    from qdjunction.study.config import read_config
    from qdjunction.study.table import make_study

    study = make_study(read_config(options.config), _clusters(options), options.config)
    print(
        f"{options.config}: study {study.config.study}, engine {study.config.engine}, {len(study.junctions)} junctions"
    )
    for junction in study.junctions:
        print(f"  {junction.id}  {junction.left} to {junction.right}")


def _run(options: argparse.Namespace) -> None:
    from qdjunction.core.extras import require_extra
    from qdjunction.study.config import read_config
    from qdjunction.study.table import make_study

    snakefile = _checkout("Snakefile", "run the study from a checkout")
    # Snakemake reads the file before the Snakefile does, and has a traceback for one that is missing or no YAML.
    study = make_study(read_config(options.config), _clusters(options), options.config)
    require_extra("workflow", "report", *(["xtb"] if study.config.engine == "xtb" else []))
    words = options.snakemake or ["--cores", "all"]
    command = ["snakemake", "--snakefile", str(snakefile), "--configfile", options.config, *words]
    os.execv(sys.executable, [sys.executable, "-m", *command])


def _failures(options: argparse.Namespace) -> None:
    from qdjunction.study.failures import find_failures, forget_failures

    found = find_failures(options.results)
    for failure, paths in found.items():
        print(f"{failure.case}  {failure.step}  {failure.error}  {len(paths)} files: {failure.reason}")
    if options.forget:
        forget_failures(options.results)
    print(f"{options.results}: {len(found)} failures{' forgotten' if options.forget and found else ''}")


def _figures(options: argparse.Namespace) -> None:
    from qdjunction.report.redraw import redraw

    redraw(options.results, options.output, options.style)


def _crate(options: argparse.Namespace) -> None:
    from qdjunction.crate import write_crate
    from qdjunction.crate.metadata import People

    write_crate(options.results, options.output, People(options.author, options.orcid, options.licence))


def _atom_list(flag: str, text: str) -> list[int]:
    """Atoms of `0-3,7`: ranges with both ends, counted from 0."""
    atoms: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True)) or (
            dash and int(last) < int(first)
        ):
            raise InputError(
                f"{flag} = {text!r}: '{part}' is no atom or range of atoms; write e.g. 290-299,305"
            )
        atoms.extend(range(int(first), int(last or first) + 1))
    return atoms


if __name__ == "__main__":
    sys.exit(main())
