// What stands in the rows of the board: an item's own sums at the left, then one cell for each column of time.
import { memo } from "react";

export const ITEM = 204, CELL = 90;
export const ROW = 44;
export const LINE = 24;
export const MEASURES = [
  { name: "projected", label: "Projected", says: "Projected balance without any new order", isBalance: true },
  { name: "with_plan", label: "With the plan", says: "Projected balance with what the plan brings", isBalance: true },
  { name: "gross", label: "Gross", says: "Gross requirement" },
  { name: "receipts", label: "Receipts", says: "Receipts of open orders" },
  { name: "shortage", label: "Shortage", says: "Shortage on its date" },
  { name: "to_order", label: "To order", says: "What no open order brings, however late" },
  { name: "planned", label: "Planned", says: "What lines of the plan bring" },
];
export const measureOf = (name) => MEASURES.find((each) => each.name === name) ?? MEASURES[0];
export const linesBeside = (main) => MEASURES.filter((each) => each.name !== main);

const MARKS = { minus: ["bad", "below zero"], low: ["warn", "below safety"] };

// Sums at the left: what stands above and below, and how wide the board has to be for it.
export const SUMS = [
  { name: "stock", head: "On hand", under: "safety stock", width: 82, from: 560, sums: {} },
  { name: "needed", head: "Needed", under: "covered", width: 88, from: 1080, sums: { gross: "gross" } },
  { name: "coming", head: "On order", under: "overdue", width: 80, from: 1080, sums: { receipts: "receipts" } },
  { name: "short", head: "Short", under: "from", width: 86, from: 900, sums: { shortage: "shortage" } },
  { name: "order", head: "To order", under: "value", width: 86, from: 900, sums: { to_order: "to_order", planned: "planned" } },
];
// Those that there is room for, each with where it stands.
export function sumsFor(width) {
  let left = ITEM;
  return SUMS.filter((each) => width >= each.from).map((each) => { const at = { left, width: each.width }; left += each.width; return { ...each, at }; });
}

function sumOf(row, name, currency) {
  if (name === "stock") return [row.on_hand, row.safety && `safety ${row.safety}`];
  if (name === "needed") return [row.gross, row.covered && `${row.covered} cov.`, row.covered && `${row.covered} more are covered by finished goods`];
  if (name === "coming") return [row.receipts, row.overdue && `${row.overdue} overdue`];
  if (name === "short") return [row.shortage, row.short_on && `from ${row.short_on}`];
  return [row.to_order, row.value && `${row.value} ${currency}`, row.value && `worth ${row.value} ${currency}`];
}

// Each column's cell, and the one whose balances still hold where nothing happens.
export function laidOut(row, columns) {
  const by = new Map(row.cells.map((each) => [each.c, each]));
  let last = row.cells[0];
  return columns.map((_, place) => { const cell = by.get(place); last = cell ?? last; return { cell, last }; });
}

const Mark = ({ mark, isQuiet, lowest }) => {
  if (!mark) return null;
  const [tone, word] = MARKS[mark];
  return (
    <span className="status board-mark" data-tone={tone} data-quiet={isQuiet || undefined}>
      <span className={isQuiet ? "only-read" : undefined}>{lowest ? `dips to ${lowest}` : word}</span>{lowest ? <span className="only-read">, {word}</span> : null}
    </span>
  );
};

function Value({ measure, place, unit, isMain }) {
  const { cell, last } = place;
  if (measure.isBalance) {
    const mark = cell ? cell[`${measure.name}_mark`] : last[`${measure.name}_stays`];
    return (
      <>
        <span className={cell ? "board-number" : "board-number still"}>{(cell ?? last)[measure.name]}<span className="only-read"> {unit}</span></span>
        <Mark mark={mark} isQuiet={!isMain || !cell} lowest={cell?.[`${measure.name}_lowest`]} />
      </>
    );
  }
  const shown = cell?.[measure.name];
  if (!shown) return <span className="board-number zero">–<span className="only-read"> nothing</span></span>;
  const isOverdue = measure.name === "receipts" && cell.overdue;
  return (
    <>
      <span className={`board-number${measure.name === "shortage" ? " lacks" : ""}`}>{shown}<span className="only-read"> {unit}</span></span>
      {isOverdue ? <span className="status board-mark" data-tone="warn" data-quiet={isMain ? undefined : true}><span className={isMain ? undefined : "only-read"}>overdue</span></span> : null}
    </>
  );
}

// One item: its line with the chosen measure and, where it is open, a line for each other measure.
export const ItemRows = memo(function ItemRows({ row, number, index, top, columns, sums, measure, isOpen, at, chosenColumn, isChosen, isMixed, currency, onPick, onToggle }) {
  const lines = isOpen ? linesBeside(measure.name) : [];
  const places = laidOut(row, columns);
  const stop = (line, column) => (at && at.line === line && at.column === column ? 0 : -1);
  const first = 1 + sums.length;
  const cells = (each, line) => columns.map((column, place) => (
    <div key={column.first} role="gridcell" aria-colindex={first + place + 1} data-line={line} data-column={first + place} tabIndex={stop(line, first + place)} className="board-cell"
      data-span={column.span} aria-selected={isChosen && chosenColumn === place} data-kind={each.name}>
      <Value measure={each} place={places[place]} unit={row.unit} isMain={line === 0} />
    </div>
  ));
  return (
    <>
      <div role="row" aria-rowindex={index} className="board-row" data-row={number} data-open={isOpen || undefined} data-chosen={isChosen || undefined} style={{ top, height: ROW }}>
        <div role="rowheader" aria-colindex={1} aria-expanded={isOpen} data-line={0} data-column={0} tabIndex={stop(0, 0)} className="board-item" title={`${row.item} · ${row.name} · ${row.warehouse}`}>
          <span className="board-twist" aria-hidden="true" data-open={isOpen} onClick={(event) => { event.stopPropagation(); onToggle(number); }}>▸</span>
          <span className="board-names">
            <span className="board-code"><b>{row.item}</b>{isMixed ? <span className="quiet"> {row.warehouse}</span> : null}{row.late_days > 0 ? <span className="status board-late" data-tone="warn">{row.late_days} d late</span> : null}</span>
            <span className="board-name"><span className="clip">{row.name}</span><span className="whole">&nbsp;· {row.unit}{row.supply === "make" ? " · made" : ""}</span></span>
          </span>
        </div>
        {sums.map((each, place) => {
          const [above, below, heard] = sumOf(row, each.name, currency);
          const isDanger = each.name === "short" && above;
          return (
            <div key={each.name} role="gridcell" aria-colindex={place + 2} data-line={0} data-column={place + 1} tabIndex={stop(0, place + 1)} className="board-sum" data-sum={each.name} style={each.at}>
              <span className={`board-number${above ? "" : " zero"}${isDanger ? " lacks" : ""}`}>{above || "–"}</span>
              {below ? <span className="board-under" data-overdue={each.name === "coming" || undefined}>{heard ? <><span aria-hidden="true">{below}</span><span className="only-read"> {heard}</span></> : below}</span> : null}
            </div>
          );
        })}
        {cells(measure, 0)}
      </div>
      {lines.map((each, place) => (
        <div key={each.name} role="row" aria-rowindex={index + 1 + place} className="board-row board-line" data-row={number} style={{ top: top + ROW + place * LINE, height: LINE }}>
          <div role="rowheader" aria-colindex={1} data-line={place + 1} data-column={0} tabIndex={stop(place + 1, 0)} className="board-item" title={each.says}>{each.label}</div>
          {sums.map((sum, at_) => {
            const field = sum.sums[each.name];
            return (
              <div key={sum.name} role="gridcell" aria-colindex={at_ + 2} data-line={place + 1} data-column={at_ + 1} tabIndex={stop(place + 1, at_ + 1)} className="board-sum" data-sum={sum.name} style={sum.at}>
                <span className="board-number">{field ? row[field] : ""}</span>
              </div>
            );
          })}
          {cells(each, place + 1)}
        </div>
      ))}
    </>
  );
});

export function WaitingRow({ number, index, top, width }) {
  return (
    <div role="row" aria-rowindex={index} aria-busy="true" className="board-row" data-row={number} style={{ top, height: ROW }}>
      <div role="rowheader" aria-colindex={1} data-line={0} data-column={0} tabIndex={-1} className="board-item quiet">Loading…</div>
      <div role="gridcell" aria-colindex={2} style={{ width }} />
    </div>
  );
}
