"""Running studies: a Study goes in, stored records come out.

In: `config.study.Study`. Out: shards and tables through `store`.
`streams` random numbers; `plan` a scenario as functions; `replicate` one repetition; `blocks` which replicates
make a shard; `workers` the processes; `run` all of it; `truth` values of estimands; `summary` performance;
`precision` when to stop; `examples` tables for figures; `replay` one replicate again; `dry_run` before anything.

To add a step of a replicate: give it a stage name of its own, and no other draw changes.
"""
