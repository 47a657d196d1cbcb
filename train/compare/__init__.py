"""python -m train.compare: every backbone under one protocol, and a table of them.

    python -m train.compare --data PHOTOS --validation OTHER_PHOTOS --encoders families
    python -m train.compare --encoders all --budget 100000 ...

Each encoder is trained in OUTPUT/NAME by its family's preset on the same photos, masks, steps and
seed, then measured on the validation photos. What is finished is not done again, and what was
interrupted goes on: the same command can be given for days. Another budget, size, seed or number
of photos needs another OUTPUT. --write DOCS writes DOCS/backbones.md and a grid of pictures from
what is finished.
"""
