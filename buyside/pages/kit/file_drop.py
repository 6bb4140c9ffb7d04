"""A place to drop a file on or to choose one; sends it over plain HTTP and tells how far it is."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.pages.kit.base import Text

_JS = rx.asset("file_drop.jsx", shared=True)


class FileDrop(rx.Component):
    """The React component in file_drop.jsx; use `file_drop`."""

    library = _JS.importable_path
    tag = "FileDrop"
    label: rx.Var[str]
    says: rx.Var[str]
    accept: rx.Var[str]
    url: rx.Var[str]
    most: rx.Var[int]
    serial: rx.Var[int]
    on_sent: rx.EventHandler[lambda file_id: [file_id]]


def file_drop(label: Text, *, says: Text, accept: str, url: Text, most: int, serial: Any, on_sent: Any) -> rx.Component:
    """A field for one file.

    accept   endings, separated by commas: ".csv,.xlsx"
    url      where it is posted to, as it is; its name goes along as `name`. The answer is {"file": number} or {"says": why not}
    most     bytes that are taken
    serial   changes where an error of before means nothing any more
    on_sent  event of a file that was taken; gets its number
    """
    return FileDrop.create(label=label, says=says, accept=accept, url=url, most=most, serial=serial, on_sent=on_sent)
