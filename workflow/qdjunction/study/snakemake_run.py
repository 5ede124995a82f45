"""Snakemake as `qdjunction run` and `make report` start it: Ctrl-C while it loads and reads the study ends in one line.

Snakemake ends its jobs by itself once they run; before that, Ctrl-C ends it in a traceback of its imports.
"""

import sys

if __name__ == "__main__":
    try:
        from snakemake.cli import main

        main()
    except KeyboardInterrupt:
        print(
            "qdjunction: interrupted; the same command resumes from what is finished",
            file=sys.stderr,
        )
        sys.exit(130)
