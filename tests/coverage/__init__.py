"""How often an interval contains the truth: enumerated exactly where that can be, drawn 10,000 times where not.

`enumeration` and `grids`: Wilson, MOVER and MOVER-R from every outcome there can be. `simulation`: what a study of
another interval is; the studies stand in `counted`, `scored`, `calibrated`, `numeric`, `classes`, `compared`,
`clustered` and `elsewhere`, and together in `studies`. `page` is docs/intervals.md:

    python -m tests.coverage > docs/intervals.md
"""
