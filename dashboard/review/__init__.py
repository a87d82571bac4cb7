"""What people did: flags and sign-offs, kept in an append-only ledger.

Nothing here imports a measurement: no mark can change a number. What binds the two is a digest.
"""
