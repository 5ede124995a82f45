"""Tables of junctions on periodic surfaces."""

from dataclasses import replace

import numpy as np
import pytest

from qdjunction.report.sections.kpoints import KIND, convergence_table, electrodes_table
from qdjunction.transport import KAverage, write_transmission

K_POINTS = np.array([[0, 0, 0], [0, 0.5, 0], [0.5, 0, 0], [0.5, 0.5, 0]])


@pytest.fixture
def study(results, tmp_path):
    """The recorded study with T(E) of each junction at four k points: that at Gamma, and ten times as much."""
    for dot in results.dots:
        for junction in dot.junctions:
            at_gamma = junction.transmission
            elsewhere = replace(at_gamma, transmission=10 * at_gamma.transmission)
            average = KAverage(K_POINTS, np.full(4, 0.25), (at_gamma, *3 * [elsewhere]), (2, 2), 2)
            (tmp_path / junction.case.id).mkdir(parents=True)
            write_transmission(average, tmp_path / junction.case.id / "transmission.nc")
    return replace(results.study, results=tmp_path)


def on_surfaces(series):
    surface = {"size": [4, 5], "kpoints": [3, 2], "image_distance_ang": 5.125, "lean_deg": 1.25}
    junctions = []
    for junction in series.junctions:
        atoms = junction.atoms.copy()
        atoms.info["surface"] = surface
        average = replace(junction.transmission, transmission=7.75 * junction.transmission.transmission)
        junctions.append(replace(junction, atoms=atoms, transmission=average))
    return replace(series, junctions=tuple(junctions))


def test_the_convergence_in_k_is_that_of_the_grids_in_the_file(results, study):
    """The mean of 1 and three times 10 is 7.75, which is 0.889 decades above Gamma alone."""
    series = on_surfaces(results.dots[0].series[0])
    rows = convergence_table(study, series).rows
    assert [row[:2] for row in rows] == [
        (name, grid) for name in ("short", "long") for grid in ("1 × 1", "2 × 2")
    ]
    assert [row[3:] for row in rows] == 2 * [("0.889", "0.889"), ("–", "–")]
    # The number of the series, at its energy.
    expected = np.log10(7.75 * np.array(series.summary.conductance_at_headline_G0))
    found = [float(row[2].replace("−", "-")) for row in rows if row[1] == "2 × 2"]
    assert found == pytest.approx(expected, abs=0.0051)


def test_one_k_point_is_a_grid_of_its_own(results):
    """The recorded study itself has one k point; the table says so, and nothing of its convergence."""
    rows = convergence_table(results.study, results.dots[0].series[0]).rows
    assert [row[1:2] + row[3:] for row in rows] == 2 * [("1 × 1", "–", "–")]


def test_the_electrodes_are_described(results):
    row = electrodes_table(on_surfaces(results.dots[0].series[0])).rows[0]
    leads = results.dots[0].junctions[0].transmission.leads
    assert row == ("short", "4 × 5", "3 × 2", *leads, "5.12", "1.2")


def test_finite_tips_have_no_such_section(results):
    assert list(KIND.files(results.study)) == []
