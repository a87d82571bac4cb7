"""Evenhand beside Evidently and NannyML: the same streams, each tool with its defaults and in its own environment."""
