"""Options may need nothing: a rule can say that what was chosen, or a whole product or variant, takes no component (ITM-8)."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BEHAVIOUR = "option_rule_known_behaviour_check"
COMPONENT = "option_rule_component_where_it_belongs_check"


def upgrade() -> None:
    op.drop_constraint(op.f(BEHAVIOUR), "option_rule", type_="check")
    op.create_check_constraint(
        op.f(BEHAVIOUR), "option_rule", "behaviour IN ('add', 'remove', 'replace', 'scale', 'nothing')"
    )
    op.alter_column("option_rule", "component_id", existing_type=sa.BigInteger(), nullable=True)
    op.create_check_constraint(op.f(COMPONENT), "option_rule", "(behaviour = 'nothing') = (component_id IS NULL)")


def downgrade() -> None:
    op.drop_constraint(op.f(COMPONENT), "option_rule", type_="check")
    op.execute(
        "DELETE FROM option_rule_condition WHERE rule_id IN (SELECT id FROM option_rule WHERE behaviour = 'nothing')"
    )
    op.execute("DELETE FROM option_rule WHERE behaviour = 'nothing'")
    op.alter_column("option_rule", "component_id", existing_type=sa.BigInteger(), nullable=False)
    op.drop_constraint(op.f(BEHAVIOUR), "option_rule", type_="check")
    op.create_check_constraint(op.f(BEHAVIOUR), "option_rule", "behaviour IN ('add', 'remove', 'replace', 'scale')")
