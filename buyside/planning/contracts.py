"""Which contracts can serve an item, and what is left of them (PLAN-7, CON)."""

from collections import namedtuple
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from buyside.planning.dense import ints
from buyside.planning.frames import CONTRACT_BALANCES, CONTRACTS, Misfit
from buyside.planning.kernels import Ints
from buyside.planning.ranking import valid_on
from buyside.planning.structure import Structure

UNLIMITED = -1
# Per item from ptr[p] on, in the order in which they are tried: candidate row, contract, agreed item of it, price, currency.
Options = namedtuple("Options", "ptr candidate contract agreed price currency")


@dataclass(frozen=True)
class Contracts:
    """What can be drawn, ready for the scan.

    `options` point into `ids` and `amount_left` (one per contract) and into `quantity_left` (one per item of a contract);
    an agreed price is -1 where the list price holds, a balance UNLIMITED where none is agreed. `currencies` are the codes by
    number.
    """

    options: Any
    ids: Ints
    amount_left: Ints
    quantity_left: Ints
    currencies: list[str]


def contract_options(
    structure: Structure, candidates: pl.DataFrame, contracts: pl.DataFrame, balances: pl.DataFrame, as_of: date
) -> Contracts:
    """The contracts that each item tries, in the rank of their vendors, then by contract.

    A contract counts for an item that it names if it is usable and valid on the as-of date, which is the order date, if its
    vendor is a candidate for the item, and if the item's group lets contracts go first.

    In     candidates in order of rank within items; CONTRACTS, CONTRACT_BALANCES
    Holds  row order never matters; no balance begins below zero
    Refuses Misfit.
    """
    contracts, balances = CONTRACTS.check_key(contracts), CONTRACT_BALANCES.check_key(balances)
    if contracts.is_empty():
        return _none(structure)
    strange = contracts.filter((pl.col("unit_price") < 0) | (pl.col("item").is_null()))
    if strange.height:
        raise Misfit("CONTRACTS has a price below zero")
    item = structure.at.find_all(ints(contracts["item"]), "CONTRACTS")
    first = structure.items["contracts_first"].to_numpy()[item]
    usable = contracts.with_columns(p=pl.Series(item, dtype=pl.Int64)).filter(
        pl.Series(first, dtype=pl.Boolean) & pl.col("is_usable") & valid_on(as_of)
    )
    if not usable.height:
        return _none(structure)
    best = (
        candidates.select("item", "vendor")
        .with_columns(candidate=pl.int_range(candidates.height))
        .unique(["item", "vendor"], keep="first", maintain_order=True)
    )
    found = usable.join(best, on=["item", "vendor"]).join(balances, on="contract", how="left")
    found = found.sort("p", "candidate", "contract")
    per_contract = found.select("contract", "amount_left").unique("contract").sort("contract")
    ids = ints(per_contract["contract"])
    currencies = sorted(found["currency"].unique())
    numbers = {code: number for number, code in enumerate(currencies)}
    counts = np.bincount(ints(found["p"]), minlength=structure.supply.size)
    options = Options(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        ints(found["candidate"]),
        np.searchsorted(ids, ints(found["contract"])).astype(np.int64),
        np.arange(found.height),
        ints(found["unit_price"].fill_null(-1)),
        ints(found["currency"].replace_strict(numbers, default=-1, return_dtype=pl.Int64)),
    )
    return Contracts(options, ids, _left(per_contract["amount_left"]), _left(found["quantity_left"]), currencies)


def _none(structure: Structure) -> Contracts:
    nothing = np.zeros(0, np.int64)
    ptr = np.zeros(structure.supply.size + 1, np.int64)
    return Contracts(Options(ptr, *(nothing for _ in range(5))), nothing, nothing, nothing, [])


def _left(column: pl.Series) -> Ints:
    """A balance; what is overdrawn has nothing left."""
    return ints(
        pl.select(pl.when(pl.lit(column).is_null()).then(UNLIMITED).otherwise(pl.lit(column).clip(0))).to_series()
    )
