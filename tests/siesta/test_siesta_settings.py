import subprocess
import sys

import pytest
from pydantic import ValidationError

from qdjunction.core.errors import InputError
from qdjunction.engine.registry import make_engine
from qdjunction.engine.siesta.launch import Launch
from qdjunction.engine.siesta.settings import SiestaSettings


def test_the_default_protocol_is_the_published_one():
    settings = SiestaSettings()
    assert settings.exchange_correlation == ("GGA", "PBE")
    assert (settings.basis, settings.basis_by_element) == ("DZP", {"Au": "DZ"})
    assert settings.mesh_cutoff_ry == 150
    assert settings.method == "PBE/DZP, Au DZ"


def test_what_is_given_wins_over_the_protocol():
    settings = SiestaSettings(protocol="tight", mesh_cutoff_ry=250)
    assert settings.mesh_cutoff_ry == 250
    assert settings.energy_shift_ry == 0.005


def test_protocols_are_ordered_by_effort():
    fast, default, tight = (SiestaSettings(protocol=name) for name in ("fast", "default", "tight"))
    assert fast.mesh_cutoff_ry < default.mesh_cutoff_ry < tight.mesh_cutoff_ry
    assert fast.energy_shift_ry > default.energy_shift_ry > tight.energy_shift_ry


def test_the_modern_protocol_is_siesta_5_as_it_comes():
    modern = SiestaSettings(protocol="modern")
    assert (modern.orbitals, modern.mesh_cutoff_ry, modern.basis_by_element) == ("siesta-5", 300, {})
    assert modern.method == "PBE/DZP (orbitals of SIESTA 5)"
    assert "orbitals" in modern.needs_siesta_5
    assert not SiestaSettings().needs_siesta_5


def test_numbers_leave_out_what_changes_none():
    calm = SiestaSettings(mixing_weight=0.02, max_scf_iterations=999)
    assert calm.numbers() == SiestaSettings().numbers()
    assert SiestaSettings(mesh_cutoff_ry=151).numbers() != SiestaSettings().numbers()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mesh_cutof_ry": 200}, "mesh_cutof_ry"),
        ({"protocol": "best"}, "protocol"),
        ({"mixing_weight": 0}, "mixing_weight"),
        ({"kpoints": [0, 1, 1]}, "greater than or equal to 1"),
        ({"dispersion": "d3", "functional": "LDA"}, "no parameters for LDA; take functional PBE"),
    ],
)
def test_wrong_settings_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        SiestaSettings.model_validate(values)


@pytest.mark.parametrize(
    ("launch", "line"),
    [
        (Launch("siesta"), "siesta"),
        (Launch("siesta -nt 2", launcher="mpirun", tasks=8), "mpirun -np 8 siesta -nt 2"),
        (
            Launch("siesta", launcher="srun", tasks=32, threads=2),
            "srun --ntasks=32 --cpus-per-task=2 siesta",
        ),
    ],
)
def test_launch_lines(launch, line):
    assert " ".join(launch.line()) == line


def test_the_command_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("SIESTA_COMMAND", "/opt/siesta/bin/siesta")
    assert Launch().line() == ["/opt/siesta/bin/siesta"]
    assert Launch("'/opt/SIESTA 5/siesta' -nt 2").line() == ["/opt/SIESTA 5/siesta", "-nt", "2"]
    with pytest.raises(InputError, match=r"SIESTA_COMMAND.*No closing quotation"):
        Launch("'/opt/SIESTA 5/siesta").line()


@pytest.mark.parametrize(
    ("threads", "resources", "line", "each"),
    [
        (4, {}, "siesta", 4),
        (4, {"tasks": 1}, "siesta", 4),
        (4, {"mpi": "mpirun", "tasks": 2}, "mpirun -np 2 siesta", 2),
        (2, {"mpi": "mpirun", "tasks": 8}, "mpirun -np 2 siesta", 1),
        (1, {"mpi": "srun", "tasks": 64}, "srun --ntasks=64 --cpus-per-task=1 siesta", 1),
        (8, {"mpi": "srun", "tasks": 16, "cpus_per_task": 2}, "srun --ntasks=16 --cpus-per-task=2 siesta", 2),
    ],
)
def test_a_job_s_cores_are_counted_rightly(monkeypatch, threads, resources, line, each):
    monkeypatch.delenv("SIESTA_COMMAND", raising=False)
    launch = Launch.of_job(threads, resources)
    assert " ".join(launch.line()) == line
    assert launch.threads == each


def test_only_a_batch_job_has_a_time_limit(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    assert Launch.of_job(1, {"runtime": 30}).wall_time_min is None
    monkeypatch.setenv("SLURM_JOB_ID", "12")
    assert Launch.of_job(1, {"runtime": 30}).wall_time_min == 30


@pytest.mark.parametrize(
    ("values", "message"),
    [({"tasks": 4}, "needs an MPI launcher"), ({"launcher": "mpiexec.hydra"}, "mpi = ")],
)
def test_wrong_launch_lines_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        Launch(**values)


@pytest.mark.parametrize(("shift", "longest"), [(0.02, 3.69), (0.01, 4.08), (0.005, 4.40), (0.002, 4.99)])
def test_the_estimate_bounds_the_orbitals_that_siesta_makes_for_lead(shift, longest):
    # Lead's DZP orbitals are the longest of H, C, N, O, S, Cl, Br, I, Pb, Au; ranges from SIESTA 4.1.
    estimate = SiestaSettings(energy_shift_ry=shift).orbital_range_estimate_ang
    assert longest < estimate < longest + 0.35


def test_the_registry_makes_the_engine_and_names_a_wrong_key():
    engine = make_engine("siesta", {"protocol": "fast"})
    assert (engine.info.name, engine.info.embedded, engine.info.method) == ("siesta", False, "PBE/DZP, Au DZ")
    assert engine.info.settings["mesh_cutoff_ry"] == 100
    with pytest.raises(InputError, match="mesh_cutof"):
        make_engine("siesta", {"mesh_cutof": 100})


def test_reading_a_configuration_needs_no_sisl():
    code = "import sys, qdjunction.engine.siesta.settings; sys.exit('sisl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("fdf", [{"a": "1\n%include secret"}, {"%block x": "1"}, {"a\nb": 1}, {" ": 1}])
def test_a_further_key_is_one_line(fdf):
    with pytest.raises(ValidationError, match="one key with a value on one line"):
        SiestaSettings(fdf=fdf)


@pytest.mark.parametrize(
    ("key", "value", "remedy"),
    [
        ("NetCharge", 1, "leave it out"),
        ("system_label", "foo", "leave it out"),
        ("SaveHS", False, "leave it out"),
        ("AtomicCoordinatesFormat", "Bohr", "leave it out"),
        ("scf-must.converge", False, "leave it out"),
        ("md.typeofrun", "Verlet", "give optimiser"),
        ("Spin", "polarized", "give spin"),
        ("xc_authors", "RPBE", "give functional"),
        ("PAO.BasisSize", "SZ", "give basis"),
        ("Mesh-Cutoff", "300 Ry", "give mesh_cutoff_ry"),
    ],
)
def test_keys_of_siesta_that_the_program_depends_on_are_refused(key, value, remedy):
    with pytest.raises(ValidationError, match=f"fdf: {key} .*{remedy}"):
        SiestaSettings(fdf={key: value})


def test_other_keys_of_siesta_are_passed_on():
    given = {"SCF.Mix": "density", "PAO.SplitNorm": 0.2, "MD.MaxDispl": "0.1 Ang", "TS.HS.Save": True}
    assert SiestaSettings(fdf=given).fdf == given
