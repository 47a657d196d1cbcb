"""A table of parts by name: explicit, without duplicates, and clear about what it holds."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator
from typing import Any


def nearest(name: str, choices: list[str]) -> str:
    """``"; did you mean 'x'?"`` for the choice most like `name`, or an empty string."""
    close = difflib.get_close_matches(name, choices, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


class Registry:
    """Constructors by name. Options are keyword-only parameters of the constructor.

    >>> encoders = Registry("encoder")
    >>> encoders.register("identity", dict)
    >>> encoders.create("identity")
    {}
    """

    def __init__(self, kind: str):
        self.kind = kind
        self._constructors: dict[str, Callable[..., Any]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._constructors)

    def __contains__(self, name: object) -> bool:
        return name in self._constructors

    def register(self, name: str, constructor: Callable[..., Any]) -> None:
        """Add a constructor. ValueError if the name is taken."""
        if name in self._constructors:
            raise ValueError(f"{self.kind} {name!r} is registered already")
        self._constructors[name] = constructor

    def options(self, name: str) -> list[str]:
        """Names of the options that `name` takes. ValueError for an unknown name."""
        parameters = inspect.signature(self._constructor(name)).parameters.values()
        return [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]

    def create(self, name: str, *inputs: Any, **options: Any) -> Any:
        """Construct `name` from `inputs` with `options`.

        ValueError names an unknown part or option, what there is, and the nearest.
        """
        valid = self.options(name)
        for option in options:
            if option not in valid:
                raise ValueError(
                    f"{self.kind} {name!r} has no option {option!r}{nearest(option, valid)} "
                    f"(options: {', '.join(valid) or 'none'})"
                )
        return self._constructor(name)(*inputs, **options)

    def _constructor(self, name: str) -> Callable[..., Any]:
        if name not in self._constructors:
            choices = list(self._constructors)
            raise ValueError(
                f"no {self.kind} {name!r}{nearest(name, choices)} (there are: {', '.join(choices)})"
            )
        return self._constructors[name]
