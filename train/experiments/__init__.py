"""python -m train.experiments: small, repeatable comparisons, minutes each on a CPU.

Most are data: one TOML file a question, whose variants change one thing of a preset each
(`variants.py` trains and measures them). What no preset can say has a module of its own
(`shared_weights.py`). All end in NAME.json and NAME.webp, a plot.
"""
