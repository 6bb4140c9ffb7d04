"""Frames whose rows are found by a group, and changed group by group without touching what others hold."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from buyside.planning.dense import ints
from buyside.planning.frames import Frame
from buyside.planning.kernels import Ints


class Table:
    """The rows of a declared frame, grouped by one of its columns. Immutable: a change makes another one that shares rows.

    Groups that were changed stand whole in `_changed`, beside the rows as they were at first.
    """

    def __init__(self, declared: Frame, frame: pl.DataFrame, by: str, *, whole_groups: bool = False) -> None:
        """`whole_groups`: rows that are given replace all of their group, not only the row of their key."""
        self.declared, self.by, self.whole_groups = declared, by, whole_groups
        self._frame = declared.check(frame)
        group = ints(self._frame[by])
        self._order: Ints | None = None
        if group.size > 1 and (np.diff(group) < 0).any():
            self._order = np.argsort(group, kind="stable")
            group = group[self._order]
        self._group = group
        self._id = declared.key[0] if len(declared.key) == 1 and declared.key[0] != by else None
        self._id_order: Ints | None = None
        if self._id is not None:
            ids = ints(self._frame[self._id])
            self._id_order = np.argsort(ids, kind="stable") if (np.diff(ids) < 0).any() else None
            self._ids = ids if self._id_order is None else ids[self._id_order]
        self._changed: Mapping[int, pl.DataFrame] = {}
        self._moved: Mapping[int, int] = {}  # group that a row of this id is in now; -1: in none

    def rows(self, groups: Iterable[int]) -> pl.DataFrame:
        """The rows of some groups, in no particular order."""
        wanted = np.unique(np.fromiter(groups, np.int64))
        other = [self._changed[g] for g in wanted.tolist() if g in self._changed] if self._changed else []
        if other:
            wanted = wanted[[g not in self._changed for g in wanted.tolist()]]
        first = np.searchsorted(self._group, wanted)
        count = np.searchsorted(self._group, wanted, side="right") - first
        at = np.arange(int(count.sum())) + np.repeat(first - np.cumsum(count) + count, count)
        found: pl.DataFrame = self._frame[at if self._order is None else self._order[at]]
        return pl.concat([found, *other]) if other else found

    def groups_of(self, ids: Iterable[int]) -> Ints:
        """The groups that rows of these ids are in; ids that have no row are left out."""
        assert self._id is not None
        wanted = np.unique(np.fromiter(ids, np.int64))
        at = np.minimum(np.searchsorted(self._ids, wanted), max(0, self._ids.size - 1))
        found = []
        for number, place in zip(wanted.tolist(), at.tolist(), strict=True):
            if number in self._moved:
                found.append(self._moved[number])
            elif self._ids.size and self._ids[place] == number:
                row = place if self._id_order is None else int(self._id_order[place])
                found.append(int(self._frame[self.by][row]))
        return np.unique(np.array([group for group in found if group >= 0], np.int64))

    def whole(self) -> pl.DataFrame:
        """All rows."""
        if not self._changed:
            return self._frame
        left = self._frame.filter(~pl.col(self.by).is_in(list(self._changed)))
        return pl.concat([left, *self._changed.values()])

    def changed(self, rows: pl.DataFrame | None, gone: pl.DataFrame | None) -> tuple["Table", Ints]:
        """Another table with rows added or replaced by key, and without those of the keys `gone`; and the groups concerned.

        Refuses Misfit where `rows` are not as declared or have a key twice.
        """
        key = [self.by] if self.whole_groups else list(self.declared.key)
        given = self.declared.empty() if rows is None else self.declared.check_key(rows)
        leaving = given.select(key).clear() if gone is None else gone.select(key).cast(given.select(key).schema)
        leave = pl.concat([given.select(key), leaving]).unique()
        groups = np.unique(ints(given[self.by]))
        if self._id is not None:
            groups = np.union1d(groups, self.groups_of(leave[self._id].to_list()))
        else:
            groups = np.union1d(groups, ints(leave[self.by]))
        now = pl.concat([self.rows(groups.tolist()).join(leave, on=key, how="anti"), given])
        parts = {group: now.clear() for group in groups.tolist()}
        parts |= {int(group): part for (group,), part in now.partition_by(self.by, as_dict=True).items()}
        other = object.__new__(Table)
        other.__dict__.update(self.__dict__)
        other._changed = {**self._changed, **parts}
        if self._id is not None:
            other._moved = {
                **self._moved,
                **dict.fromkeys(ints(leave[self._id]).tolist(), -1),
                **dict(given.select(self._id, self.by).iter_rows()),
            }
        return other, groups

    def keys(self, gone: Sequence[int] | pl.DataFrame) -> pl.DataFrame:
        """What leaves, as a frame of key columns."""
        key = [self.by] if self.whole_groups else list(self.declared.key)
        return gone if isinstance(gone, pl.DataFrame) else pl.DataFrame({key[0]: list(gone)}, schema={key[0]: pl.Int64})
