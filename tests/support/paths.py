"""Where things are in the checkout."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
CLUSTERS = ROOT / "clusters"
"""The catalogue of dots."""
DATA = ROOT / "tests" / "data"
RECORDED = DATA / "report" / "results"
"""A 1Pb study as the workflow left it; see the README beside it."""
MOLECULE = DATA / "benzenedithiolate.xyz"
SIESTA_RUNS = DATA / "siesta"
"""Real output of SIESTA 4.1: a PbBr2 molecule in every state a run can end in, and an fcc gold crystal."""
PSEUDOPOTENTIALS = SIESTA_RUNS / "pseudopotentials"
GOLD = SIESTA_RUNS / "periodic"
"""The run of the fcc gold crystal."""
