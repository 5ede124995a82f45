from qdjunction import logs, trace_steps

job = snakemake
series = job.params.series
with logs.job(job.log[0], job.wildcards.series):
    trace_steps.fit_bias_series(
        series["name"],
        dict(zip(job.params.sets, job.input, strict=True)),
        series["level_log10_g"],
        series["width_nm"],
        job.params.confidence,
        job.output[0],
    )
