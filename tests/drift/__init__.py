"""How often drift is called where there is none, and what is found: views drawn from worlds whose drift is known.

`views`: worlds, and what the library says of one. `page` is docs/drift.md:

    python -m tests.drift > docs/drift.md
"""
