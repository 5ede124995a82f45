"""The benchmark of T(E): its reference in exact arithmetic, a run from end to end, and its resumption."""

import csv
import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from support.paths import ROOT

JUNCTIONS = ROOT / "benchmarks" / "junctions"


@pytest.fixture
def modules(monkeypatch):
    monkeypatch.syspath_prepend(str(JUNCTIONS))
    import cases
    import extended

    yield cases, extended
    for name in [
        name for name in sys.modules if name.partition(".")[0] in ("cases", "extended", "system", "peers")
    ]:
        monkeypatch.delitem(sys.modules, name)


def solved(matrix, right):
    """Solve a real system by elimination in rational numbers."""
    rows = [
        list(map(Fraction, row)) + list(map(Fraction, more)) for row, more in zip(matrix, right, strict=True)
    ]
    n = len(rows)
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(n):
            if k != i and rows[k][i]:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [row[n:] for row in rows]


def test_the_reference_is_t_in_rational_numbers(modules):
    cases, extended = modules
    case = cases.Case("small", "chains", "wire", 9, lambda reference: cases.chains(12, 4, 9, "wire"))
    system = case.system(None)
    exact = []
    for spot, place in enumerate(system.spots):
        sigmas = system.sigma(spot)
        n, energy = len(system.atoms), Fraction(float(system.energies_ev[place]))
        H, S = ([[Fraction(float(x)) for x in row] for row in M.toarray()] for M in (system.H, system.S))
        real = [[energy * s - h for h, s in zip(*pair, strict=True)] for pair in zip(H, S, strict=True)]
        imaginary = [[Fraction(0)] * n for _ in range(n)]
        for orbitals, sigma in zip((system.left, system.right), sigmas, strict=True):
            for (i, a), (j, b) in ((x, y) for x in enumerate(orbitals) for y in enumerate(orbitals)):
                real[a][b] -= Fraction(float(sigma[i, j].real))
                imaginary[a][b] -= Fraction(float(sigma[i, j].imag))
        # A + iB is the real matrix [[A, -B], [B, A]].
        whole = [a + [-x for x in b] for a, b in zip(real, imaginary, strict=True)]
        whole += [b + a for a, b in zip(real, imaginary, strict=True)]
        unit = [[Fraction(int(row == orbital)) for orbital in system.right] for row in range(2 * n)]
        X = solved(whole, unit)
        green = [[(X[a][k], X[n + a][k]) for k in range(len(system.right))] for a in system.left]
        t = Fraction(0)
        gammas = [
            [[(-Fraction(float((s[i, j] - s[j, i].conj()).imag)), Fraction(float((s[i, j] - s[j, i].conj()).real)))
              for j in range(len(s))] for i in range(len(s))] for s in sigmas
        ]  # fmt: skip

        def times(a, b):
            return [
                [
                    (
                        sum(x[0] * y[0] - x[1] * y[1] for x, y in zip(row, column, strict=True)),
                        sum(x[0] * y[1] + x[1] * y[0] for x, y in zip(row, column, strict=True)),
                    )
                    for column in zip(*b, strict=True)
                ]
                for row in a
            ]

        into, out = times(gammas[0], green), times(green, gammas[1])
        for left, right in zip(into, out, strict=True):
            t += sum(x[0] * y[0] + x[1] * y[1] for x, y in zip(left, right, strict=True))
        exact.append(float(t))
    # Gamma is rounded to double precision above.
    np.testing.assert_allclose(extended.reference(system), exact, rtol=1e-15)


def test_a_run_is_resumed(tmp_path):
    output = tmp_path / "measured.csv"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    command = [
        sys.executable, JUNCTIONS / "run.py", "--cases", "cluster-500-at-1", "--output", output, "--peers", "real_ldl",
    ]  # fmt: skip
    for peers in ([], ["contact_reduction"]):
        done = subprocess.run(
            [*command, *peers], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(output.open()))
    assert [row["peer"] for row in rows] == ["real LDL", "contact reduction"], "the first row is not repeated"
    for row in rows:
        assert float(row["largest_relative_error"]) < 1e-9
        assert float(row["total_s"]) > 0
        assert row["note"] == ""
