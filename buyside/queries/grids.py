"""Every grid of the application. Each area describes its own beside its other queries; one that is not named here has no rows."""

from buyside.queries.rows import GridSource

GRIDS: tuple[GridSource, ...] = ()
