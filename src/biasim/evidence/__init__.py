"""Evidence: what has been published, as data.

In:   retrospective.csv, trials.csv, meta_analyses.csv: one row is one published estimate, with its source; an
      empty cell means "not known". Hazard ratios are those of death, operated against not operated.
      bias_evidence.csv: one row is one published measurement of a bias. records.csv: one row is one figure on how complete
      and how right records are, and on who kept to her arm; lessons cite it by its row.
Out:  `published.py` turns a row into a typed `Published` with a 95% interval, `measured_biases.py` into a `MeasuredBias`.
Add:  a row. `verified` says `verified` (seen in the source named in `verified_from`) or `recalled` (from memory:
      printed with a mark, never relied upon).
"""
