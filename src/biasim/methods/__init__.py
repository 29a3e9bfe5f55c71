"""Methods: what the investigator computes.

In: `Observed` (exposure fixed), `ObservedOverTime` (it begins during follow-up) or `ObservedTrial` (arm and operation).
Out: `Estimate`: the one estimand it claims, estimate, standard error, 95% interval, status, message, diagnostics.

A new method is one file `methods/<name>.py` with a function `<name>(observed, *, parameters) -> Estimate` and
one test. Degenerate data is a row with a status, never an exception, and never NaN with status OK: begin with
`_checks.refusal`, end with `_checks.estimated`. A name that was not measured is the author's mistake: BiasimError.
The docstring says what in one sentence, then "Claims", "Assumes", "Breaks when", "Parameters", and the source.
Siblings of this room: `_checks` (statuses, counts, intervals), `_hazard_ratio` (the Cox fit of every method of that
family), `_bootstrap`, `_two_curves`, `_propensity` (score, sets, weights), `_cause`, `_person_time`, `_trial`, `_clones`,
`_publication` (what is written up), `_models` (what an analyst might try).
A method that weights or matches has `balanced(observed, **parameters) -> Balanced` beside itself: its Love plot.
"""
