"""The view: what an investigator sees of a cohort. Cohort -> Observed.

Seven rooms: `eligibility` (any number of masks, all must hold), `time_zero` (months from diagnosis), `exposure`
(Exposure, or ExposureOverTime), `measurement` (Measured), `recording` (any number, Measured to Measured), `follow_up`
(end of observation, months from diagnosis), `outcome` (what counts). `observe.py` puts them together, for every design alike.

To add a part: one file in a room, holding one function of the file's name with the positional
arguments of registry.SIGNATURES, keyword-only parameters annotated from units.py, and a docstring
with the heading "Where the bias comes from". A part reads the cohort; only `observe` decides who is
in the study.
"""
