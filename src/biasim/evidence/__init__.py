"""Evidence: what has been published, as data.

In:   one CSV a table, one row a figure with its source; an empty cell means "not known". Hazard ratios are those of
      death, operated against not operated. `catalogue.py` lists the tables; `biasim evidence` prints them.
Out:  frozen records, one module a kind: `published.py` (studies, trials, pools, other cancers), `subgroups.py`,
      `measured_biases.py`, `calibration.py`, `recalled.py`; every one a `Row` with figure, marks and citation. Intervals
      of ratios are brought to 95%, the printed level kept. `facts.py`: what a replica of a study needs.
Add:  a row. `verified` says whether the figures were seen in the source named in `verified_from`. What is remembered for
      an empty cell goes to recalled_values.csv: recalled or assumed figures bear the mark of `row.MARKS` wherever they
      are printed, and are never relied upon.
"""
