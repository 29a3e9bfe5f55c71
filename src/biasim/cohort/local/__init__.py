"""When the primary tumour progresses, with and without surgery: (patients, treatment, rng, *, ...) -> Local.

Months from diagnosis as if nobody died; inf when never. It does not act on survival: `design/outcome` may count it.
To add one: a file here, a function of the same name.
"""
