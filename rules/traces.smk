# Break-junction traces. Included only if the configuration has the section `traces`.
from qdjunction.traces.analyses.registry import ANALYSES

TRACES = study.config.traces
MEASURED = {entry.name: entry for entry in TRACES.sets}
PREDICTED = {entry.name: entry for entry in TRACES.predictions}
BIAS_SERIES = {entry.name: entry for entry in TRACES.bias_series}
# 100,000 text files take about ten minutes; a set of millions needs more than one attempt.
TRACE_MIN = 120


def traces_of(wildcards):
    """Input function: folder or file of a set, that of the configuration or that written by `predict_traces`."""
    if wildcards.set in MEASURED:
        return MEASURED[wildcards.set].path
    return f"<results>/traces/{wildcards.set}/traces.parquet"


def trace_settings(*sections):
    """Param function: the sections of `TracesSettings` that a rule depends on, for the set of the wildcards."""
    return lambda wildcards: TRACES.settings_of(wildcards.set).model_dump(
        mode="json", include={"read", "jump", "histogram", *sections}
    )


def prediction_of(wildcards):
    """Input function: record of the prediction of a set, that of the set itself if it is simulated."""
    if wildcards.set in PREDICTED:
        name = wildcards.set
    else:
        name = getattr(MEASURED.get(wildcards.set), "theory", None)
    return f"<results>/traces/{name}/simulation.json" if name else []


def bias_series_sets(wildcards):
    """Return the sets of a bias series."""
    return BIAS_SERIES[wildcards.series].sets


rule predict_traces:
    input:
        conductance=lambda wildcards: f"<results>/{PREDICTED[wildcards.set].dot}/conductance.csv",
        series=lambda wildcards: f"<results>/{PREDICTED[wildcards.set].dot}/series.json",
        relaxation=lambda wildcards: f"<results>/{PREDICTED[wildcards.set].dot}/relaxed.json",
    output:
        traces="<results>/traces/{set}/traces.parquet",
        truth="<results>/traces/{set}/truth.csv",
        record="<results>/traces/{set}/simulation.json",
    log:
        "<logs>/traces/{set}/predict_traces.log",
    benchmark:
        "<benchmarks>/traces/{set}/predict_traces.tsv"
    wildcard_constraints:
        set="|".join(map(re.escape, PREDICTED)) or "(?!)",
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=growing(2000, MAX_MEM_MB),
        runtime=growing(TRACE_MIN, MAX_RUNTIME_MIN),
    params:
        prediction=lambda wildcards: PREDICTED[wildcards.set].model_dump(
            include={"left", "fermi_ev", "traces"}
        ),
        simulation=TRACES.simulation.model_dump(mode="json"),
    script:
        "../workflow/scripts/predict_traces.py"


rule select_traces:
    input:
        traces_of,
    output:
        jumps="<results>/traces/{set}/jumps.parquet",
        histograms="<results>/traces/{set}/histograms.nc",
        summary="<results>/traces/{set}/summary.json",
    log:
        "<logs>/traces/{set}/select_traces.log",
    benchmark:
        "<benchmarks>/traces/{set}/select_traces.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=growing(2000, MAX_MEM_MB),
        runtime=growing(TRACE_MIN, MAX_RUNTIME_MIN),
    params:
        settings=trace_settings("peaks"),
        bias_v=lambda wildcards: getattr(MEASURED.get(wildcards.set), "bias_v", None),
    script:
        "../workflow/scripts/select_traces.py"


for analysis in ANALYSES.values():

    rule:
        name:
            f"trace_{analysis.name}"
        input:
            traces=traces_of,
            selection="<results>/traces/{set}/summary.json" if analysis.at_peaks else [],
            theory=prediction_of if analysis.with_theory else [],
        output:
            table=f"<results>/traces/{{set}}/{analysis.name}.csv",
            summary=f"<results>/traces/{{set}}/{analysis.name}.json",
        log:
            f"<logs>/traces/{{set}}/trace_{analysis.name}.log",
        benchmark:
            f"<benchmarks>/traces/{{set}}/trace_{analysis.name}.tsv"
        conda:
            "../envs/python.yaml"
        resources:
            mem_mb=growing(analysis.mem_mb, MAX_MEM_MB),
            runtime=growing(TRACE_MIN, MAX_RUNTIME_MIN),
        params:
            analysis=analysis.name,
            settings=trace_settings(*analysis.sections),
        script:
            "../workflow/scripts/trace_analysis.py"


rule bias_series:
    input:
        lambda wildcards: expand(
            "<results>/traces/{set}/summary.json", set=bias_series_sets(wildcards)
        ),
    output:
        "<results>/traces/{series}/simmons.json",
    log:
        "<logs>/traces/{series}/bias_series.log",
    benchmark:
        "<benchmarks>/traces/{series}/bias_series.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=growing(1000, MAX_MEM_MB),
        runtime=growing(10, MAX_RUNTIME_MIN),
    params:
        sets=bias_series_sets,
        series=lambda wildcards: BIAS_SERIES[wildcards.series].model_dump(mode="json"),
        confidence=TRACES.peaks.confidence,
    script:
        "../workflow/scripts/bias_series.py"
