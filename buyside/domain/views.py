"""Words of the views of lists that people keep."""

MOST_VIEWS = 50
"""Of one list, by one person."""
LONGEST_NAME = 80
LONGEST_CONTENT = 20_000
"""Characters of a view's content as JSON: a list with every column moved has a few thousand."""
