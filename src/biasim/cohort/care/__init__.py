"""Other treatment than surgery, and what it does: (patients, course, treatment, rng, *, ...) -> Care.

It goes with the choice of surgery, or with the times, and is hers whatever is done to the primary tumour: an arrow from
the choice, not from the operation. What the operation itself does belongs to effect/.
To add one: a file here, a function of the same name.
"""
