"""What was decided where the format of the pack leaves it open: topic and rule, for the reference page."""

DECISIONS: tuple[tuple[str, str], ...] = (
    (
        "Rows",
        (
            "Row 1 is the header; a cell with a line break makes no second row. A refusal counts every bad value and names the "
            "first thousand in the order of files and rows. Rules between rows are checked on everything that is well spelt, so "
            "that one run shows all of it; only what would change an existing order is found after the rest is in order."
        ),
    ),
    (
        "CSV",
        (
            "A byte order mark and CRLF are welcome, also quotes that need not be. Refused are quotes inside a cell without "
            "quotes, line ends of two kinds, empty lines, cells too many or too few, other encodings than UTF-8 and NUL: a reader "
            "that takes them reads something else than was written. In a zip the files lie at the top or in one folder; members "
            "are streamed and never unpacked beyond their declared size, and sizes that no honest zip declares are refused."
        ),
    ),
    (
        "What exists",
        (
            "Records are found by the columns that tell rows apart and are updated; nothing is deleted. A column that the header "
            "does not name leaves what exists alone (valid_to excepted: it belongs to the row's validity); an empty cell sets "
            "what it means when empty. The same pack a second time changes nothing, and leaves no audit entry."
        ),
    ),
    (
        "Codes",
        (
            "References are looked for in the pack, then in the database. Currencies come with the database and are never made. "
            "Item groups and payment terms that are new are made with their code as name, the terms without billing events."
        ),
    ),
    (
        "Units",
        (
            "A vendor item without a purchase unit is bought in the stock unit. Without a factor, it follows from the units' own "
            "factors within one category; between categories it has to be given. The stock unit of an item with stock entries or "
            "order lines does not change."
        ),
    ),
    (
        "Validity",
        (
            "valid_to is the last valid day. Rows that are alike and valid on the same day are refused, in the file and against "
            "what exists: vendor items, price breaks of one quantity and currency, and BOM rows of one parent and component "
            "(state the sum instead)."
        ),
    ),
    (
        "BOM",
        "Cycles are refused with their path whatever the rows' validity, existing rows included.",
    ),
    (
        "Options",
        (
            "Lists are not in order, and no option stands twice. A group must not hold = or ;, a value no ;. Options of a line "
            "must be offered by the variant's product; a rule may name any option that some product offers. Where a list is "
            "stated again, it replaces the one before."
        ),
    ),
    (
        "Stock",
        (
            "stock.csv states balances. The ledger gets the difference, as one opening; so stating a balance again posts nothing. "
            "A stated cost restates the value of the whole balance (out at the old value and in at the new one, where the quantity "
            "is the same). A stated zero of what was never there becomes one unit in and out, since planning asks whether an item "
            "is kept in a warehouse."
        ),
    ),
    (
        "Purchase orders",
        (
            "Quantities and prices are in the ordered unit: the purchase unit of the vendor item valid on ordered_on, else of the "
            "first one, else the stock unit. received_qty includes what was rejected; all of an order's stands in one receipt of "
            "the past, on the day that its last line was due, or the import's if that is earlier. Such receipts post nothing to "
            "the ledger. Amounts are computed as on the paper. An order that exists may be stated again; it may change only in "
            "its own state, without receipts and without a snapshot. Orders issued elsewhere get no snapshot."
        ),
    ),
    (
        "States",
        (
            "Lines of drafts and of orders in approval or approved have received nothing; expected_on may be empty unless the "
            "order awaits goods. Which receipts a later state needs is not asked: orders may be closed short."
        ),
    ),
    (
        "What a pack does not say",
        (
            "People, addresses, contacts, bank details, names of groups and billing events of terms, notes and delivery texts of "
            "orders, requisitions, plans and pegs, snapshots, the single receipts and postings of the past, the audit trail. A "
            "backup keeps all of it. A price break of a vendor item that is not valid on any of its days comes back on one that is; "
            "an order line's empty vendor part comes back as its vendor item's."
        ),
    ),
)
