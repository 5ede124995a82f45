from qdjunction.steps.trace_predictions import predict_traces
from qdjunction.study.job import running
from qdjunction.traces.settings import SimulationSettings

job = snakemake
prediction = job.params.prediction
with running(job):
    predict_traces(
        job.input.conductance,
        job.input.series,
        job.input.relaxation,
        prediction["left"],
        prediction["fermi_ev"],
        SimulationSettings(**job.params.simulation),
        prediction["traces"],
        job.output.traces,
        job.output.truth,
        job.output.record,
    )
