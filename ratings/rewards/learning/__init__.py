"""Learn a reward model from preference pairs: plain Python and torch, no Django, no settings.

Read in this order: `pairs` (what is learned from), `style` and `features` (what a text looks like
to the model), `model` (the reward and its loss), `splits` (what may not leak), `training`,
`evaluation`, `card` and `artifact` (what is published), `recipe` (all of it in one call).
"""
