"""For each patch of a hole a known patch that it shall look like: a nearest-neighbour field.

As in PatchMatch (Barnes et al., 2009), a patch tries the place beside the one that its neighbour
took; and it would rather take that than one that looks a little better (as in shift maps, Pritch
et al., 2009). So whole things are copied, and the mean of overlapping patches is one of equals,
as sharp as the photo.
"""

from __future__ import annotations

import copy

import numpy as np

from inpaint._opencv import cv2
from inpaint.patches import COMPONENTS, KnownPatches, choose_sources, cut_patches, find_touched

PATCH = 7  # pixels across and down
STEP = 2  # pixels from one patch of the hole to the next
_SWEEPS = 3  # over the neighbours, in an improvement
_MOVE = 2  # pixels: so far around, patches at the edge of a whole piece try others at random
# All patches decide at once, seeing what their neighbours had before: if all took what is better,
# two could exchange their places for ever.
_TAKE = 0.7
_NEIGHBOURS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x]

# All in the range from black to white.
_TINT = 0.03  # in their mean colour patches may differ by so much, and ...
_TINT_COUNTS = 0.3  # ... only this share of it counts
# A known pixel counts as so many made ones, and patches with many of them care less for neighbours:
# what is made has to meet what is known.
_KNOWN_COUNTS = 8

_MOST_SOURCES = 8_000  # of the first search; others are found by neighbours
_AT_ONCE = 4_096  # patches
_COLOURS = 3 * PATCH**2  # of a patch: costs are mean squares over them, and more by a guide
_MEAN = np.full((PATCH**2, 1), 1 / PATCH**2, np.float32)  # of a patch, quicker than mean()
_NOWHERE = np.iinfo(np.int32).min // 2  # a move that leads out of every picture from everywhere


class PatchField:
    """Which known patch each patch of the hole takes; each is named by its upper left corner.

    It is made by `of` and holds picture and hole padded, to the right and below, by a pixel where
    patches would not reach the end. All pictures that go in and out are padded so.
    """

    def __init__(self, picture: np.ndarray, hole: np.ndarray, unknown: np.ndarray, apart: float):
        self._shape, self._apart = hole.shape, apart
        self.hole, self.picture = self.pad(hole), self.pad(picture)
        self._looks = self.picture  # what patches are compared by
        self._sources: KnownPatches | None = None  # those of the first search
        self._counts = np.where(self.hole, 1, _KNOWN_COUNTS**0.5).astype(np.float32)[..., None]
        self._unfit = find_touched(self.pad(unknown), PATCH)
        self._unfit[hole.shape[0] - PATCH + 1 :] = True  # with padding in them
        self._unfit[:, hole.shape[1] - PATCH + 1 :] = True
        # What places cost beside looks, those of the n patches that are fined.
        self._penalties = np.zeros(self._unfit.shape, np.float32)
        # The patches of the hole lie on a grid that begins at a cell called origin.
        touched = find_touched(self.hole, PATCH)[::STEP, ::STEP]
        cells = np.argwhere(touched)
        self._origin, last = cells.min(axis=0), cells.max(axis=0)
        self._wanted = touched[self._origin[0] : last[0] + 1, self._origin[1] : last[1] + 1]
        self.corners = STEP * cells  # of the n patches of the hole: n x 2, rows and columns
        self._fined = np.zeros(len(cells), bool)
        self._cells = tuple((cells - self._origin + 1).T)
        # From patches of the hole to those that they take; around the grid lies nothing.
        self._moves = np.full((*np.add(self._wanted.shape, 2), 2), _NOWHERE, np.int32)

    @classmethod
    def of(
        cls,
        picture: np.ndarray,
        hole: np.ndarray,
        apart: float,
        unknown: np.ndarray | None = None,
        least: int = 0,
    ) -> PatchField | None:
        """None where there is nothing to fill, a side is shorter than a patch, or fewer patches are
        known than `least` or 24.

        picture: float32 H x W x 3 in [0, 1]; hole: bool H x W; apart: what each neighbour that took
        another place costs, as a mean square difference of patches; unknown: bool H x W, of what
        no patch may take any; the hole where it is None.
        """
        if min(hole.shape) < PATCH or not hole.any():
            return None
        field = cls(picture, hole, hole if unknown is None else unknown, apart)
        return field if np.count_nonzero(~field._unfit) >= max(least, COMPONENTS) else None

    def pad(self, values: np.ndarray) -> np.ndarray:
        padding = [(0, (PATCH - side) % STEP) for side in self._shape]
        return np.pad(values, [*padding, *[(0, 0)] * (values.ndim - 2)], "edge")

    def unpad(self, values: np.ndarray) -> np.ndarray:
        return values[: self._shape[0], : self._shape[1]]

    def places(self) -> np.ndarray:
        """The corners of the patches that those of the hole take: n x 2."""
        return self.corners + self._moves[self._cells]

    def may_take(self, places: np.ndarray) -> np.ndarray:
        """bool n: whether patches may take the n x 2 places, which may lie outside the picture."""
        (rows, columns), (height, width) = places.T, self._unfit.shape
        fit = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        fit[fit] = ~self._unfit[rows[fit], columns[fit]]
        return fit

    def set_guide(self, guide: np.ndarray | None) -> None:
        """From now on patches are compared by a guide channel, float32 H x W, as well as by
        colours: what they are compared to has one, too, as its fourth. With None no longer."""
        self._looks = self.picture if guide is None else np.dstack([self.picture, guide])
        self._sources = None

    def penalised(self, patches: np.ndarray, penalty: float, around: int, near: int) -> PatchField:
        """This field, where some patches (bool n) and those at most `near` pixels from them have no
        places again, and are fined: places that the former took, and what is at most `around`
        pixels from these, cost them more than they are unlike, a mean square difference. Those
        fined before still are, and all pay for all places."""
        field = copy.copy(self)
        taken = _mark_around(self.places()[patches], self._unfit.shape, around)
        field._penalties = self._penalties + np.float32(penalty) * taken
        near_some = _mark_around(self.corners[patches], self.hole.shape, near)
        field._fined = self._fined | near_some[tuple(self.corners.T)]
        field._moves = self._moves.copy()
        rows, columns = self._cells
        field._moves[rows[field._fined], columns[field._fined]] = _NOWHERE
        return field

    def find_nearest(self, filled: np.ndarray, rng: np.random.Generator) -> None:
        """Each patch takes what looks most like it in `filled`, H x W x C, of many known ones."""
        if self._sources is None:  # since they look as they do
            chosen = choose_sources(self._unfit, _MOST_SOURCES)
            self._sources = KnownPatches(self._looks, chosen, PATCH)
        places = self._sources.places
        penalties = _COLOURS * self._penalties[tuple(places.T)]
        nearest = self._sources.find_alike(filled, self.corners, penalties, self._fined)
        self._offer(places[nearest], self._costs(filled), filled, rng)

    def improve(self, filled: np.ndarray, rng: np.random.Generator) -> None:
        """Patches take the places beside those of their neighbours where these look more like what
        they are in `filled`, H x W x C."""
        costs = self._costs(filled)
        for _ in range(_SWEEPS):
            for direction in _NEIGHBOURS:
                beside = self.corners + self._moves[self._cells_beside(direction)]
                self._offer(beside, costs, filled, rng)
            places = self.places()
            edge = self._count_apart(np.arange(len(places)), places) > 0  # of what is copied whole
            places[edge] += rng.integers(-_MOVE, _MOVE + 1, (np.count_nonzero(edge), 2))
            self._offer(places, costs, filled, rng)

    def take_over(self, coarser: PatchField) -> None:
        """The places that patches of a smaller picture took, in this one."""
        from scipy.ndimage import distance_transform_edt

        def nearest(allowed: np.ndarray, places: np.ndarray) -> np.ndarray:
            rows, columns = np.clip(places, 0, np.array(allowed.shape) - 1).T
            found = distance_transform_edt(~allowed, return_distances=False, return_indices=True)
            return found[:, rows, columns].T

        factor = np.divide(self._shape, coarser._shape)
        corners = (self.corners + PATCH / 2) / factor - PATCH / 2
        cells = np.rint(corners / STEP).astype(int) - coarser._origin
        cells = nearest(coarser._wanted, cells)
        moves = coarser._moves[cells[:, 0] + 1, cells[:, 1] + 1]
        places = nearest(~self._unfit, self.corners + np.rint(moves * factor).astype(int))
        self._moves[self._cells] = places - self.corners

    def average(
        self, values: np.ndarray, window: float, weights: np.ndarray | None = None
    ) -> np.ndarray:
        """What the patches, laid over the hole, have there on average; zeros where none lies.

        values: float32 H x W x 3, or a row or column less, for what lies between pixels; window:
        pixels, standard deviation of the Gaussian by which a patch counts around its middle;
        weights: one for each patch.
        """
        height, width = (
            PATCH - whole + side
            for side, whole in zip(values.shape[:2], self.hole.shape, strict=True)
        )
        # Colours and weights in one, and pixels by one number: half the time.
        offered = np.concatenate([values, np.ones_like(values[..., :1])], axis=2).reshape(-1, 4)
        sums, row = np.zeros_like(offered), np.array([values.shape[1], 1])
        corners, places = self.corners @ row, self.places() @ row
        each = np.ones(len(places), np.float32) if weights is None else weights.astype(np.float32)
        for y, x in np.ndindex(height, width):
            squares = (y - (height - 1) / 2) ** 2 + (x - (width - 1) / 2) ** 2
            weight = np.float32(np.exp(-squares / (2 * window**2))) * each[:, None]
            spots, taken = (starts + (y, x) @ row for starts in (corners, places))
            # No two patches' spots are the same.
            sums[spots] = sums.take(spots, axis=0) + weight * offered.take(taken, axis=0)
        means, totals = sums[:, :3], sums[:, 3:]
        return np.divide(means, totals, out=means, where=totals > 0).reshape(values.shape)

    def _cells_beside(self, direction: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        return self._cells[0] + direction[0], self._cells[1] + direction[1]

    def _offer(
        self, places: np.ndarray, costs: np.ndarray, filled: np.ndarray, rng: np.random.Generator
    ) -> None:
        """Patches take those of n x 2 places that cost less, neighbours included, and may be taken.

        costs: n, of the places taken now, without neighbours; they change with the places.
        """
        own = self.places()
        some = np.flatnonzero((_as_one(places) != _as_one(own)) & self.may_take(places))
        some = some[(rng.random(len(some)) < _TAKE) | np.isinf(costs[some])]
        offered = self._compare(filled, some, places[some])
        more = self._count_apart(some, places) - self._count_apart(some, own)
        better = offered + self._apart * more < costs[some]
        taken = some[better]
        costs[taken] = offered[better]
        rows, columns = self._cells
        self._moves[rows[taken], columns[taken]] = places[taken] - self.corners[taken]

    def _count_apart(self, some: np.ndarray, places: np.ndarray) -> np.ndarray:
        """For m of n patches, how many neighbours do not take the places beside theirs."""
        moves = _as_one(places[some] - self.corners[some])
        taken, nowhere = _as_one(self._moves), _as_one(np.array([_NOWHERE, _NOWHERE]))
        count = np.zeros(len(some), int)
        for direction in _NEIGHBOURS:
            rows, columns = self._cells_beside(direction)
            around = taken[rows[some], columns[some]]
            count += (around != moves) & (around != nowhere)
        return count

    def _costs(self, filled: np.ndarray) -> np.ndarray:
        """For n patches how far they are from those that they take; infinite before the first."""
        costs = np.full(len(self.corners), np.inf, np.float32)
        some = np.flatnonzero(self._moves[self._cells][:, 0] != _NOWHERE)
        costs[some] = self._compare(filled, some, self.places()[some])
        return costs

    def _compare(self, filled: np.ndarray, some: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Mean square differences of known patches at places to m of the n patches in `filled`."""
        corners, costs = self.corners[some], np.empty(len(places), np.float32)
        for start in range(0, len(places), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            apart = cut_patches(self._looks, places[part], PATCH)
            apart = apart - cut_patches(filled, corners[part], PATCH)
            tint = np.clip(apart @ _MEAN, -_TINT, _TINT)
            apart -= (1 - _TINT_COUNTS) * tint
            apart *= cut_patches(self._counts, corners[part], PATCH)
            apart = apart.reshape(len(apart), -1)
            costs[part] = np.einsum("ij,ij->i", apart, apart) / _COLOURS
        return costs + self._fined[some] * self._penalties[tuple(places.T)]


def _mark_around(corners: np.ndarray, shape: tuple[int, int], around: int) -> np.ndarray:
    """bool H x W: what is at most so many pixels from one of n x 2 corners, across and down."""
    wide, side = np.zeros(shape, np.uint8), 2 * around + 1
    wide[tuple(corners.T)] = 1
    return cv2.dilate(wide, np.ones((side, side), np.uint8)).view(bool)


def _as_one(moves: np.ndarray) -> np.ndarray:
    """... x 2 rows and columns as one number each, which is quicker to compare."""
    return np.ascontiguousarray(moves, np.int32).view(np.int64)[..., 0]
