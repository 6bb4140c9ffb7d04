"""Every grid of the application. Each area describes its own beside its other queries; one that is not named here has no rows."""

from buyside.queries.audit import AUDIT_ROWS
from buyside.queries.bank_accounts import BANK_ACCOUNT_ROWS
from buyside.queries.demand import SALES_LINE_ROWS, SALES_ORDER_ROWS
from buyside.queries.memberships import MEMBERSHIP_ROWS
from buyside.queries.messages import MESSAGE_ROWS
from buyside.queries.orders import ORDER_ROWS
from buyside.queries.people import USER_ROWS
from buyside.queries.plan_difference import DIFFERENCE_ROWS
from buyside.queries.plan_line_rows import PLAN_LINE_ROWS
from buyside.queries.plans import PROBLEM_ROWS
from buyside.queries.receipts import EXPECTED_ROWS, RECEIPT_ROWS
from buyside.queries.rows import GridSource
from buyside.queries.scenario_items import SCENARIO_ITEM_ROWS
from buyside.queries.sessions import SESSION_ROWS
from buyside.queries.sheet_files import IMPORT_OUTCOME_ROWS, IMPORT_ROWS
from buyside.queries.sheets import SHEET_ROWS
from buyside.queries.stock import BALANCE_ROWS, ENTRY_ROWS, PAST_BALANCE_ROWS

GRIDS: tuple[GridSource, ...] = (
    ORDER_ROWS,
    EXPECTED_ROWS,
    RECEIPT_ROWS,
    BALANCE_ROWS,
    ENTRY_ROWS,
    PAST_BALANCE_ROWS,
    SALES_ORDER_ROWS,
    SALES_LINE_ROWS,
    PLAN_LINE_ROWS,
    DIFFERENCE_ROWS,
    PROBLEM_ROWS,
    MESSAGE_ROWS,
    SCENARIO_ITEM_ROWS,
    USER_ROWS,
    MEMBERSHIP_ROWS,
    SESSION_ROWS,
    AUDIT_ROWS,
    BANK_ACCOUNT_ROWS,
    IMPORT_ROWS,
    IMPORT_OUTCOME_ROWS,
    *SHEET_ROWS.values(),
)
