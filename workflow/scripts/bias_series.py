from qdjunction.steps import traces
from qdjunction.study.job import running

job = snakemake
series = job.params.series
with running(job):
    traces.fit_bias_series(
        series["name"],
        dict(zip(job.params.sets, job.input, strict=True)),
        series["level_log10_g"],
        series["width_nm"],
        job.params.confidence,
        job.output[0],
        series["image_permittivity"],
    )
