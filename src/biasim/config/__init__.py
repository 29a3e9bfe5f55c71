"""The grammar of study files: YAML in, a checked `Study` out, or every mistake at once.

In: a file in configs/ (and the world it names). Out: `study.Study`, each choice bound to its part with every
default, or `StudyRefused` with a located problem per mistake (`load.load`).
The grammar of a part is its signature: a parameter added there, with a type of `units`, can be written in a study
file at once. A new key of the study file itself: a field of `grammar.StudyFile`, read in `assemble`.
"""
