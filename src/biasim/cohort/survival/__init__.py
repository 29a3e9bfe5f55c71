"""When each patient dies: (patients, course, treatment, effect, clock, *, ...) -> Potential.

Where there are several causes of death, `other_share` says how likely the death at `operated` is of
another one. Exact under any wait, from one unit-exponential clock per patient, by kernels/piecewise.py.
To add one: a file here, a function of the same name. Without an effect, `operated` must equal
`unoperated` to the last bit.
"""
