"""Write the page and the plot of the benchmark: ``python benchmarks/junctions/page.py``.

It reads measured.csv and phases.csv and writes docs/benchmark.md and docs/transport-benchmark.svg.
"""

import argparse
from pathlib import Path

import pandas as pd

from cases import FULL

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs"
MARKS = {
    "contact reduction": "o-", "layers": "P-", "real LDL": "D--", "LU": "s--", "dense inverse": "^:",
    "sisl_toolbox.btd": "v-.", "kwant, MUMPS": "x-.", "kwant, SciPy": "+-.", "TBtrans, bloch": "*--",
    "TBtrans, whole cell": "h--", "direct, whole cell": "d:",
}  # fmt: skip

HEAD = """\
# Benchmark

Processor time of T(E) by this project and by other methods, on systems that anybody can make again. This page is
written by `python benchmarks/junctions/page.py` from `benchmarks/junctions/measured.csv` and `phases.csv`;
`benchmarks/junctions/README.md` says how to repeat the measurement and how to add a peer.

- Every number is the processor time of one thread, with the peer in a process of its own. {machine}
- Each peer is run as somebody who knows it would run it; the settings are in the table below. A ratio between two rows
  holds for these settings on these systems. The CSV file has versions, memory, and the rate of a matrix product in the
  same process.
- The contact reduction solves at all energies, its error measurement included. The time of the other peers is the same
  at every energy; they are timed at one or two, and the total is the time of what they do once plus that per energy
  times the number of energies.
- The error is the largest relative difference of T from a reference: LU factors with iterative refinement, the
  residuals summed in the extended precision of the processor (64 bits of mantissa) from products that do not round.
  Between bulk electrodes it is the difference from `direct, whole cell`, in double precision.

"""


def number(value: float) -> str:
    """Return a number with three digits."""
    if pd.isna(value):
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def table(frame: pd.DataFrame) -> str:
    """Return a Markdown table."""
    lines = [list(map(str, frame.columns)), ["---"] * frame.shape[1]]
    lines += [["" if pd.isna(cell) else str(cell) for cell in row] for row in frame.itertuples(index=False)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def systems(rows: pd.DataFrame) -> str:
    """Return the table of systems with the total time of every peer."""
    order = [case.name for case in FULL]
    named = [peer for peer in MARKS if peer in set(rows["peer"])]
    lines = []
    for case in sorted(set(rows["case"]), key=order.index):
        here = rows[rows["case"] == case]
        first = here.iloc[0]
        line = {"system": case, "leads": first["leads"]}
        line |= {
            "orbitals": first["orbitals"],
            "in contact": first["contact_orbitals"],
            "energies": first["energies"],
        }
        line |= {peer: number(here.loc[here["peer"] == peer, "total_s"].max()) for peer in named}
        lines.append(line)
    return table(pd.DataFrame(lines))


def peers(rows: pd.DataFrame) -> str:
    """Return the table of peers: version, settings, largest error, and why one was not run."""
    lines = []
    for (peer, leads), here in rows.groupby(["peer", rows["leads"].eq("bulk")], sort=False):
        ran = here[here["total_s"].notna()]
        note = "" if len(ran) else here["note"].iloc[0]
        line = {"peer": peer, "leads": "bulk" if leads else "others"}
        line |= {
            "version": ran["version"].iloc[0] if len(ran) else note,
            "settings": here["settings"].iloc[0],
        }
        errors = ran.loc[ran["case"] != "", "largest_relative_error"]
        lines.append(line | {"largest error": f"{errors.max():.1e}" if len(ran) else ""})
    return table(pd.DataFrame(lines))


def bulk(rows: pd.DataFrame) -> str:
    """Return the table of the junction between bulk electrodes."""
    here = rows[(rows["leads"] == "bulk") & rows["total_s"].notna()]
    return table(
        pd.DataFrame(
            {
                "peer": here["peer"],
                "once (s)": here["once_s"].map(number),
                "per energy (s)": here["per_energy_s"].map(number),
                "memory (GiB)": here["peak_memory_gib"].map(number),
                "difference of T": here["largest_relative_error"].map(lambda value: f"{value:.1e}"),
            }
        )
    )


def ratio(rows: pd.DataFrame) -> str:
    """Return how the time per energy between bulk electrodes compares with that of TBtrans, empty without both."""
    here = rows[rows["leads"] == "bulk"].set_index("peer")["per_energy_s"].dropna()
    if not {"TBtrans, bloch", "contact reduction"} <= set(here.index):
        return ""
    factor = here["TBtrans, bloch"] / here["contact reduction"]
    count = int(rows.loc[rows["leads"] == "bulk", "energies"].iloc[0])
    return (
        f"\nAt {count} energies TBtrans with `bloch` takes {factor:.1f} times as long per energy as the contact "
        "reduction. Both times include the start of the calculation that is not listed under once: in TBtrans reading "
        "and pivoting, in the contact reduction its error measurement. Once is the preparation in Python, for TBtrans "
        "writing its files with sisl.\n"
    )


def phases(path: Path) -> str:
    """Return the table of phases of each case."""
    rows = pd.read_csv(path)
    text = ""
    for case, here in rows.groupby("case", sort=False):
        first, peak = here.iloc[0], here[here["phase"].str.startswith("peak")].iloc[0]
        text += (
            f"\n`{case}`: {first['orbitals']:,} orbitals, {first['contact_orbitals']} in contact, "
            f"{first['energies']:,} energies. A matrix product ran at {peak['gflops']:.0f} Gflop/s, memory was read at "
            f"{peak['gbyte_per_s']:.0f} GB/s.\n\n"
        )
        inner = here[~here["phase"].str.startswith("peak")]
        percent = {
            name: inner[name].map(lambda value: "" if pd.isna(value) else f"{100 * value:.0f} %")
            for name in ("share_of_peak", "share_of_bandwidth")
        }
        text += table(
            pd.DataFrame(
                {
                    "phase": inner["phase"], "seconds": inner["seconds"].map(number),
                    "Gflop": inner["gflop"].map(number),
                    "share of the peak": percent["share_of_peak"], "GB": inner["gbyte"].map(number),
                    "share of the bandwidth": percent["share_of_bandwidth"],
                }
            )
        )  # fmt: skip
    return text


def plot(rows: pd.DataFrame, path: Path) -> None:
    """Draw time against orbitals, and against energies."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ran = rows[rows["total_s"].notna() & (rows["kind"] == "cluster")]
    panels = (
        ("orbitals", ran[ran["energies"] == 1000], "1,000 energies", "orbitals"),
        ("energies", ran[ran["orbitals"] == 500], "500 orbitals", "energies"),
    )
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for panel, (column, here, title, label) in zip(axes, panels, strict=True):
        for peer, mark in MARKS.items():
            points = here[here["peer"] == peer].sort_values(column)
            if len(points):
                panel.loglog(points[column], points["total_s"], mark, label=peer, markersize=5)
        panel.set(xlabel=label, ylabel="processor time (s)", title=title)
        panel.grid(alpha=0.3, which="both")
    axes[0].xaxis.set_major_formatter("{x:,.0f}")
    axes[0].xaxis.set_minor_formatter("")
    axes[0].set_xticks(sorted(set(panels[0][1]["orbitals"])))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Write page and plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measured", type=Path, default=HERE / "measured.csv")
    parser.add_argument("--phases", type=Path, default=HERE / "phases.csv")
    parser.add_argument("--docs", type=Path, default=DOCS)
    options = parser.parse_args()
    rows = pd.read_csv(options.measured)
    for column in ("orbitals", "contact_orbitals"):
        rows[column] = rows[column].astype("Int64")
    machines = "; ".join(sorted(set(rows["machine"])))
    text = HEAD.format(machine=f"Machine: {machines}.")
    text += "## Systems\n\nTotal processor time (s):\n\n" + systems(rows[rows["leads"] != "bulk"])
    text += "\n![Processor time against orbitals and against energies](transport-benchmark.svg)\n"
    if (rows["leads"] == "bulk").any():
        text += (
            "\n## Bulk electrodes\n\nThe recorded junction of 1,899 orbitals between two electrodes of 576, lead and "
            "device together. The imaginary part is 1e-4 eV inside the electrodes and zero in the device:\n\n"
        )
        text += bulk(rows) + ratio(rows)
    text += "\n## Peers\n\n" + peers(rows)
    if options.phases.exists():
        text += (
            "\n## Phases of the contact reduction\n\nOperations are those that a phase needs. The tridiagonal form "
            "reads half of the rest of the matrix for every column, and is limited by memory. The surfaces of the "
            "electrodes are found by small matrices, one k point at a time. Above 100 % of the bandwidth "
            "the matrix stays in the cache.\n"
        )
        text += phases(options.phases)
    (options.docs / "benchmark.md").write_text(text, encoding="utf-8")
    plot(rows, options.docs / "transport-benchmark.svg")


if __name__ == "__main__":
    main()
