"""The sample model `triage`: a generator of its log, its contract and its policy (see README.md)."""
