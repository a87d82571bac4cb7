"""How often the policy's verdicts are wrong: views drawn from worlds whose disparity is known.

`views`: worlds, and the verdicts on a thousand views of one at once, the same as those of `dashboard.policy`. `grid`:
the worlds looked at. `untold`: what is said where nothing can be told. `page` is docs/verdicts.md:

    python -m tests.verdicts > docs/verdicts.md
"""
