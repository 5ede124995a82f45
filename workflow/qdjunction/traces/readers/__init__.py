"""One module for each kind of file that traces come in; `qdjunction.traces.readers.registry` names them all."""
