"""When and how stage IV became known: (patients, treatment, rng, *, ...) -> Staging.

A finding at surgery is given at the planned date; `generate` takes back those that never happened.
To add one: a file here, a function of the same name.
"""
