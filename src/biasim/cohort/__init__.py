"""The world: patients, all their potential survival times, and who is meant for surgery. Size -> Cohort.

Nine rooms, a part each: `patients`, `course`, `treatment`, `care`, `effect`, `survival`, `staging`,
`censoring`, `local`. `generate.py` runs them in the order of the causal diagram, each with a random
stream of its own. `levels.py` holds parameters by level of a covariate, `scores.py` prognosis as
standard deviations.

To add a part: one file in a room, holding one function of the file's name with the positional
arguments of registry.SIGNATURES, keyword-only parameters annotated from units.py, and a docstring
with the heading "Where the bias comes from". Draw first and transform afterwards, the same
draws whatever the parameters, so that scenarios share them.
"""
