"""The view: what an investigator sees of a cohort. Cohort -> Observed.

Five rooms, a part each: `eligibility` (masks, all must hold), `time_zero` (months from diagnosis),
`exposure` (Exposure, or ExposureOverTime), `measurement` (Measured), `follow_up` (end of
observation, months from diagnosis). `observe.py` puts them together, for every design the same way.

To add a part: one file in a room, holding one function of the file's name with the positional
arguments of registry.SIGNATURES, keyword-only parameters annotated from units.py, and a docstring
with the heading "Where the bias comes from". A part reads the cohort; only `observe` decides who is
in the study.
"""
