// Marked cells: a rectangle from the cell with the focus to wherever Shift and the arrows, or Shift and the mouse, have led.

export class Range {
  constructor(grid) {
    this.grid = grid; // gives the grid's own interface once it is there
    this.anchor = null;
    this.head = null;
    this.names = new Set();
  }

  get isMany() { return Boolean(this.anchor && (this.anchor.row !== this.head.row || this.anchor.column !== this.head.column)); }

  ordered() { return this.grid().getAllDisplayedColumns().map((each) => each.getColId()).filter((each) => !each.startsWith("ag-Grid-")); }

  has(row, column, pinned) {
    return this.isMany && !pinned && this.names.has(column) && row >= Math.min(this.anchor.row, this.head.row) && row <= Math.max(this.anchor.row, this.head.row);
  }

  // { rows: [first, last], columns: [names] } of what is marked, or of the one cell that has the focus; null where nothing has.
  bounds() {
    const focused = this.grid().getFocusedCell();
    if (this.isMany) {
      return { first: Math.min(this.anchor.row, this.head.row), last: Math.max(this.anchor.row, this.head.row), columns: this.ordered().filter((each) => this.names.has(each)) };
    }
    if (!focused || focused.rowPinned || focused.column.getColId().startsWith("ag-Grid-")) return null;
    return { first: focused.rowIndex, last: focused.rowIndex, columns: [focused.column.getColId()] };
  }

  redraw(from, to) {
    const rowNodes = [];
    for (let i = from; i <= to; i += 1) { const node = this.grid().getDisplayedRowAtIndex(i); if (node) rowNodes.push(node); if (rowNodes.length > 200) break; }
    if (rowNodes.length) this.grid().refreshCells({ rowNodes, force: true });
  }

  set(anchor, head) {
    const before = this.isMany ? [Math.min(this.anchor.row, this.head.row), Math.max(this.anchor.row, this.head.row)] : null;
    this.anchor = anchor;
    this.head = head;
    const order = this.ordered();
    const places = [order.indexOf(anchor.column), order.indexOf(head.column)].sort((a, b) => a - b);
    this.names = new Set(order.slice(Math.max(0, places[0]), places[1] + 1));
    const rows = [anchor.row, head.row].sort((a, b) => a - b);
    this.redraw(Math.min(rows[0], before?.[0] ?? rows[0]), Math.max(rows[1], before?.[1] ?? rows[1]));
  }

  clear() {
    if (!this.isMany) { this.anchor = this.head = null; return; }
    const [from, to] = [Math.min(this.anchor.row, this.head.row), Math.max(this.anchor.row, this.head.row)];
    this.anchor = this.head = null;
    this.names = new Set();
    this.redraw(from, to);
  }

  // Answers whether the key was one of those that mark.
  extend(key, most) {
    const api = this.grid();
    const focused = api.getFocusedCell();
    if (!focused || focused.rowPinned) return false;
    const anchor = this.anchor ?? { row: focused.rowIndex, column: focused.column.getColId() };
    const head = { ...(this.head ?? anchor) };
    const order = this.ordered();
    const at = order.indexOf(head.column);
    if (key === "ArrowDown") head.row = Math.min(most - 1, head.row + 1);
    else if (key === "ArrowUp") head.row = Math.max(0, head.row - 1);
    else if (key === "ArrowRight") head.column = order[Math.min(order.length - 1, at + 1)];
    else if (key === "ArrowLeft") head.column = order[Math.max(0, at - 1)];
    else return false;
    this.set(anchor, head);
    api.ensureIndexVisible(head.row);
    api.ensureColumnVisible(head.column);
    return true;
  }
}
