# Memory, run time and priority of the jobs.
import inspect

from qdjunction.structure.settings import computed_points

MAX_MEM_MB = study.config.resources.max_mem_mb
MAX_RUNTIME_MIN = study.config.resources.max_runtime_min
GOLD_ATOMS = study.config.electrodes.gold_atoms
MOST_ATOMS = max((dot.atoms for dot in (*study.dots, *study.covers)), default=0)

# The time of a periodic junction grows with its k points.
GRIDS = [*([SURFACE.kpoints] if SURFACE else []), study.config.transport.leads.k_grid]
KPOINTS = max(map(computed_points, GRIDS))


def growing(amount, limit):
    """Resource function: an amount, or a function of the wildcards, times the number of the attempt, up to a limit."""

    def request(wildcards, attempt):
        one = amount(wildcards) if callable(amount) else amount
        return min(attempt * one, limit)

    # Snakemake looks up the signature nine times per job, which took a tenth of the planning time.
    request.__signature__ = inspect.signature(request)
    return request


def requested(estimate, engine=EMBEDDED, batch=None, surface=None):
    """Resource function: an estimate of an engine, `growing` up to the limit of the configuration.

    T(E), orbital rule and local density cost as much as an SCF of the embedded engine. With `batch`, for junctions
    instead of the bare dot; with `surface`, for one of their electrodes.
    """
    of_atoms = getattr(engine, estimate)
    is_memory = estimate == "mem_mb"
    number = 1
    if not is_memory and (batch or surface):
        number = KPOINTS * (len(batch.contacts) if batch else 1)

    def amount(wildcards):
        atoms = surface.atoms if surface else n_atoms(wildcards, batch is not None)
        return number * round(of_atoms(atoms))

    return growing(amount, MAX_MEM_MB if is_memory else MAX_RUNTIME_MIN)


def slide_min(wildcards):
    """Return the run time of a slide (min): every step is a relaxation with its SCF."""
    steps = 1 + SLIDES[wildcards.slide].settings.steps
    return steps * round(ENGINE.relax_min(n_atoms(wildcards, with_gold=True)))


def snapshot_min(wildcards):
    """Return the run time of a snapshot (min): every step is an SCF that starts from the one before."""
    steps = ENSEMBLE.snapshots.steps(SNAPSHOTS[wildcards.dot].number)
    seconds = steps * 3 * ENGINE.step_s(n_atoms(wildcards, with_gold=False))
    return 10 + round(seconds / 60)


def n_atoms(wildcards, with_gold):
    """Return the number of atoms of the dot, or of a junction with its two tips."""
    return study.dot(wildcards.dot).atoms + (GOLD_ATOMS if with_gold else 0)


def small_first(wildcards):
    """Return the priority of the jobs of a dot: positive, higher for fewer atoms, so that first results come early."""
    return 1 + MOST_ATOMS - study.dot(wildcards.dot).atoms
