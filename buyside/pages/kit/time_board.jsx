// Items down, time across: a board of any length whose rows come from the server a page at a time and are drawn only in sight.
// Keys: arrows go from cell to cell, Page keys and Home and End further, Space opens an item's other measures, Enter explains
// the number, Escape closes what explains it. Every number can be clicked.
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "react-router";
import { Lookup } from "./lookup.jsx";
import { CELL, ITEM, ItemRows, LINE, MEASURES, ROW, WaitingRow, linesBeside, measureOf, sumsFor } from "./time_board_rows.jsx";
import { FILTERS, OPENING, SORTS, STEPS, VIEWS, asked, fromAddress, queryOf, toAddress, usePages } from "./time_board_wanted.jsx";

const BEYOND = 6;             // items drawn above and below what is in sight
const TYPING = 220;           // milliseconds without a key before a text is looked for
const TALLEST = 15_000_000;   // pixels that every browser can scroll
const LINES = MEASURES.length - 1;

const leftOf = (sums) => sums.reduce((all, each) => all + each.width, ITEM); // pixels before the first column of time

const Choice = ({ label, value, all, options, onChange }) => (
  <select className="input board-choice" aria-label={label} value={value} data-set={(all !== undefined && value !== "") || undefined} onChange={(event) => onChange(event.target.value)}>
    {all === undefined ? null : <option value="">{all}</option>}
    {options.map(([code, name]) => <option key={code} value={code}>{name}</option>)}
  </select>
);

const Switch = ({ label, value, options, onChange }) => (
  <div className="rows-views" role="group" aria-label={label}>
    {options.map(([name, says]) => <button key={name} type="button" className="rows-view" aria-pressed={name === value} onClick={() => onChange(name)}>{says}</button>)}
  </div>
);

export function TimeBoard({ run, stamp, panel, canExport, onOpen, onClose }) {
  const [wanted, setWanted] = useState(() => fromAddress(window.location.search));
  const [typed, setTyped] = useState(wanted.text);
  const [choices, setChoices] = useState({ groups: [], places: [], planners: [] });
  const [isAll, setAll] = useState(false);        // every item is open, but for those in `flips`
  const [flips, setFlips] = useState([]);         // numbers of items that are not as `isAll` says, in order
  const [at, setAt] = useState({ row: 0, line: 0, column: 0 });
  const [view, setView] = useState({ top: 0, height: 600, width: 1200 });
  const [says, setSays] = useState("");
  const box = useRef(null);
  const wantsFocus = useRef(false);
  const sought = useRef(new URLSearchParams(window.location.search).has("item")); // the address names an item that is still to come
  const location = useLocation();
  const { head, isFresh, question, rowAt, want, trouble, again } = usePages(run, wanted, stamp);

  const measure = measureOf(wanted.measure);
  const total = head?.total ?? 0;
  const columns = head?.columns ?? [];
  const sums = useMemo(() => sumsFor(view.width), [view.width]);
  const change = useCallback((more) => setWanted((before) => ({ ...before, ...more })), []);

  // ---- heights: an item is as high as its line, and its other measures where it is open ----
  const extra = LINES * LINE;
  const opened = (number) => { let low = 0, high = flips.length; while (low < high) { const mid = (low + high) >> 1; if (flips[mid] < number) low = mid + 1; else high = mid; } return isAll ? number - low : low; };
  const topOf = (number) => number * ROW + opened(number) * extra;
  const isOpen = (number) => flips.includes(number) !== isAll;
  const numberAt = (y) => { let low = 0, high = Math.max(0, total - 1); while (low < high) { const mid = (low + high + 1) >> 1; if (topOf(mid) <= y) low = mid; else high = mid - 1; } return low; };
  const canOpenAll = total * (ROW + extra) <= TALLEST;
  const toggle = useCallback((number) => setFlips((before) => (before.includes(number) ? before.filter((each) => each !== number) : [...before, number].sort((a, b) => a - b))), []);

  // ---- filters: the address carries them, typing waits for a moment ----
  useEffect(() => { const timer = setTimeout(() => { if (typed.trim() !== wanted.text) change({ text: typed.trim() }); }, TYPING); return () => clearTimeout(timer); }, [typed]);
  useEffect(() => {
    const given = new URLSearchParams(window.location.search);
    const named = sought.current ? Object.fromEntries(["item", "warehouse", "on"].map((name) => [name, given.get(name)])) : {};
    const shown = panel?.item ? { item: panel.item, warehouse: panel.warehouse, on: panel.on } : named;
    const address = toAddress(window.location, wanted, shown);
    // The router's own note of this entry stays as it is: it reads the address anew when somebody comes back to it.
    if (address !== window.location.pathname + window.location.search) window.history.replaceState(window.history.state, "", address);
  }, [wanted, panel?.item, panel?.warehouse, panel?.on]);
  const seenKey = useRef(location.key);
  useEffect(() => { // a link to this very page
    if (seenKey.current === location.key) return;
    seenKey.current = location.key;
    sought.current = new URLSearchParams(window.location.search).has("item");
    const next = fromAddress(window.location.search);
    setWanted(next);
    setTyped(next.text);
  }, [location.key]);
  useEffect(() => {
    if (!run || run === "0") return undefined;
    const ending = new AbortController();
    asked("/choices", new URLSearchParams({ run }), ending.signal).then(setChoices).catch(() => {});
    return () => ending.abort();
  }, [run]);
  useEffect(() => { // another list: from its top, and closed
    setFlips([]);
    setAll(false);
    setAt({ row: 0, line: 0, column: 0 });
    if (box.current) box.current.scrollTop = 0;
  }, [question, run]);
  useEffect(() => { if (isFresh) setSays(`${head.total_text} ${total === 1 ? "item" : "items"}`); }, [isFresh, head?.total]);

  // ---- the item whose numbers are explained is brought into sight when the address named it ----
  useEffect(() => {
    if (!isFresh || !panel?.id || !sought.current) return undefined;
    sought.current = false;
    const ending = new AbortController();
    const [item, warehouse] = panel.id.split("-");
    const query = queryOf(run, wanted);
    query.set("item_id", item);
    query.set("warehouse_id", warehouse);
    asked("/place", query, ending.signal).then(({ place }) => {
      if (place === null) return;
      const column = panel.on ? columns.findIndex((each) => each.first <= panel.on && (!each.last || panel.on <= each.last)) : -1;
      setAt({ row: place, line: 0, column: column < 0 ? 0 : 1 + sums.length + column });
      box.current.scrollTop = Math.max(0, topOf(place) - 3 * ROW);
    }).catch(() => {});
    return () => ending.abort();
  }, [isFresh, panel?.id]);

  // ---- what is in sight ----
  useLayoutEffect(() => {
    const sized = new ResizeObserver(() => setView((before) => ({ ...before, height: box.current?.clientHeight ?? 600, width: box.current?.clientWidth ?? 1200 })));
    sized.observe(box.current);
    return () => sized.disconnect();
  }, []);
  const first = Math.max(0, numberAt(view.top) - BEYOND), last = Math.min(total, numberAt(view.top + view.height) + BEYOND + 1);
  useEffect(() => { want(first, last); }, [first, last, isFresh, question, head?.total]);
  const drawn = Array.from({ length: Math.max(0, last - first) }, (_, place) => first + place);
  if (total && at.row < total && (at.row < first || at.row >= last)) drawn.push(at.row);

  // A panel beside the board takes sums away: the cell that is looked at keeps its date, and the board its one stop for Tab.
  const sumsBefore = useRef(sums.length);
  useEffect(() => {
    const before = sumsBefore.current, now = sums.length, last = now + columns.length;
    if (!columns.length) return;
    sumsBefore.current = now;
    setAt((old) => {
      const column = Math.min(last, old.column > before ? old.column + now - before : Math.min(old.column, now));
      return column === old.column ? old : { ...old, column };
    });
  }, [sums.length, columns.length]);

  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    const isHere = Boolean(rowAt(at.row)); // a row that is still on its way holds the focus until it has come
    const element = box.current.querySelector(isHere ? `[data-row="${at.row}"] [data-line="${at.line}"][data-column="${at.column}"]` : `[data-row="${at.row}"] [data-column]`);
    if (!element) return;
    wantsFocus.current = !isHere;
    element.focus({ preventScroll: true });
    const body = box.current, headHigh = body.firstElementChild.offsetHeight;
    const top = topOf(at.row) + (at.line ? ROW + (at.line - 1) * LINE : 0), bottom = top + (at.line ? LINE : ROW);
    if (top < body.scrollTop) body.scrollTop = top;
    else if (bottom > body.scrollTop + body.clientHeight - headHigh) body.scrollTop = bottom - body.clientHeight + headHigh;
    const fixed = leftOf(sums);
    const left = fixed + (at.column - 1 - sums.length) * CELL;
    if (at.column > sums.length) {
      if (left - fixed < body.scrollLeft) body.scrollLeft = left - fixed;
      else if (left + CELL > body.scrollLeft + body.clientWidth) body.scrollLeft = left + CELL - body.clientWidth;
    }
  }, [at, view, isFresh, flips, isAll, head]);

  const goTo = (row, line, column) => {
    const next = { row: Math.max(0, Math.min(total - 1, row)), line, column: Math.max(0, Math.min(sums.length + columns.length, column)) };
    wantsFocus.current = true;
    setAt(next);
    const y = topOf(next.row);
    if (y < box.current.scrollTop - 2000 || y > box.current.scrollTop + view.height + 2000) box.current.scrollTop = Math.max(0, y - view.height / 2);
  };
  const open = (row, line, column) => {
    const found = rowAt(row);
    if (!found) return;
    sought.current = false;
    const place = column - 1 - sums.length;
    const bucket = place >= 0 ? columns[place] : null;
    const chosen = line ? linesBeside(measure.name)[line - 1] : measure;
    onOpen?.({ row: found.id, first: bucket?.first ?? "", last: bucket?.last ?? "", measure: place >= 0 || line ? chosen.name : sums[column - 1]?.name ?? "" });
  };

  const onKeyDown = (event) => {
    if (!total || event.altKey || event.metaKey || event.target.closest("button, a, input, select")) return;
    const { row, line, column } = at;
    const deep = isOpen(row) ? LINES : 0;
    const page = Math.max(1, Math.floor(view.height / ROW) - 2);
    const moves = {
      ArrowRight: () => goTo(row, line, column + 1), ArrowLeft: () => goTo(row, line, column - 1),
      ArrowDown: () => (line < deep ? goTo(row, line + 1, column) : row + 1 < total && goTo(row + 1, 0, column)),
      ArrowUp: () => (line ? goTo(row, line - 1, column) : row && goTo(row - 1, isOpen(row - 1) ? LINES : 0, column)),
      PageDown: () => goTo(row + page, 0, column), PageUp: () => goTo(row - page, 0, column),
      Home: () => goTo(event.ctrlKey ? 0 : row, event.ctrlKey ? 0 : line, 0), End: () => goTo(event.ctrlKey ? total - 1 : row, event.ctrlKey ? 0 : line, sums.length + columns.length),
      Enter: () => open(row, line, column), " ": () => { if (line) { wantsFocus.current = true; setAt({ row, line: 0, column }); } toggle(row); },
      Escape: () => onClose?.(),
    };
    if (!moves[event.key] || (event.key === "Escape" && !panel?.item)) return;
    moves[event.key]();
    event.preventDefault();
    event.stopPropagation();
  };
  const onClick = (event) => {
    const cell = event.target.closest("[data-column]");
    if (!cell || window.getSelection()?.toString()) return;
    const row = Number(cell.closest("[data-row]").dataset.row), line = Number(cell.dataset.line), column = Number(cell.dataset.column);
    goTo(row, line, column);
    open(row, line, column);
  };

  const isNarrowed = FILTERS.some((name) => wanted[name]) || wanted.view !== "all";
  const width = leftOf(sums) + columns.length * CELL;
  const chosenColumn = panel?.on ? columns.findIndex((each) => each.first <= panel.on && (!each.last || panel.on <= each.last)) : -1;
  const isMixed = choices.places.length > 1;
  const style = { "--board-item": `${ITEM}px`, "--board-cell": `${CELL}px` };

  return (
    <div className="rows board" style={style} data-narrow={view.width < 640 || undefined}>
      <div className="rows-bar">
        <Switch label="Views of Requirements" value={wanted.view} options={VIEWS} onChange={(name) => change({ view: name })} />
        <div className="rows-quick"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden="true"><path d="M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14m9 2-3.8-3.8" /></svg>
          <input className="input" type="search" value={typed} placeholder="Item code or name" aria-label="Item code or name in Requirements" onChange={(event) => setTyped(event.target.value)} /></div>
        {wanted.vendor
          ? <span className="chip"><span className="chip-says"><span className="chip-how">Vendor </span><b>{wanted.vendor}</b></span><button type="button" className="chip-drop" aria-label={`Any vendor, not only ${wanted.vendor}`} onClick={() => change({ vendor: "" })}>×</button></span>
          : <div className="board-vendor"><Lookup lists={[{ name: "vendors", label: "Vendor" }]} label="Vendor" placeholder="Any vendor" isFind onTake={({ code }) => change({ vendor: code })} /></div>}
        {choices.groups.length > 0 && <Choice label="Item group" all="Any group" value={wanted.group} options={choices.groups.map(([code, name]) => [code, name || code])} onChange={(group) => change({ group })} />}
        {isMixed && <Choice label="Warehouse" all="Any warehouse" value={wanted.place} options={choices.places.map(([code, name]) => [code, `${code} ${name}`])} onChange={(place) => change({ place })} />}
        {choices.planners.length > 0 && <Choice label="Planner" all="Any planner" value={wanted.planner} options={choices.planners.map((name) => [name, name])} onChange={(planner) => change({ planner })} />}
      </div>
      <div className="rows-bar board-bar">
        <Switch label="Columns of time" value={wanted.by} options={STEPS} onChange={(by) => change({ by, from: "" })} />
        <span className="board-window" role="group" aria-label="Window of time">
          <button type="button" className="button plain square" aria-label="Earlier" title="Earlier" disabled={!head || head.is_first} onClick={() => change({ from: head.earlier })}>‹</button>
          <button type="button" className="button plain square" aria-label="Later" title="Later" disabled={!head?.later} onClick={() => change({ from: head.later })}>›</button>
        </span>
        <label className="board-label"><span className="quiet">Show</span><Choice label="Measure" value={wanted.measure} options={MEASURES.map((each) => [each.name, each.label])} onChange={(name) => change({ measure: name })} /></label>
        <label className="board-label"><span className="quiet">First</span><Choice label="Order of items" value={wanted.sort} options={SORTS} onChange={(sort) => change({ sort })} /></label>
        <button type="button" className="button plain" aria-pressed={isAll} disabled={!canOpenAll} title={canOpenAll ? undefined : "Too many items: filter them first"} onClick={() => { setAll(!isAll); setFlips([]); }}>{isAll ? "One line each" : "All measures"}</button>
        <div className="rows-tools"><span className="rows-count" role="status">{says}</span>
          {canExport && <a className="button plain" href={`/api/requirements.csv?${question}&measure=${wanted.measure}`} download>CSV</a>}</div>
      </div>
      {trouble && <div className="rows-refused" role="alert">{trouble}<button type="button" className="button plain" onClick={again}>Try again</button></div>}
      <div className="board-box" ref={box} role="grid" tabIndex={total ? undefined : 0} aria-label="Requirements over time" aria-readonly="true" aria-rowcount={opened(total) * LINES + total + 1} aria-colcount={1 + sums.length + columns.length} aria-busy={!isFresh}
        onScroll={(event) => { const { scrollTop } = event.currentTarget; setView((before) => (before.top === scrollTop ? before : { ...before, top: scrollTop })); }} onKeyDown={onKeyDown} onClick={onClick}
        onFocus={(event) => { const cell = event.target.closest("[data-column]"); if (cell && !wantsFocus.current) setAt({ row: Number(cell.closest("[data-row]").dataset.row), line: Number(cell.dataset.line), column: Number(cell.dataset.column) }); }}>
        <div role="rowgroup" className="board-head" style={{ width }}>
          <div role="row" aria-rowindex={1} className="board-row">
            <div role="columnheader" aria-colindex={1} className="board-item">Item</div>
            {sums.map((each, place) => <div key={each.name} role="columnheader" aria-colindex={place + 2} className="board-sum" data-sum={each.name} style={each.at}><span>{each.head}</span><span className="board-under">{each.under}</span></div>)}
            {columns.map((each, place) => <div key={each.first} role="columnheader" aria-colindex={sums.length + place + 2} className="board-cell" data-span={each.span} title={each.says}>
              <span aria-hidden="true">{each.head}</span><span className="board-under" aria-hidden="true">{each.under}</span><span className="only-read">{each.says}</span></div>)}
          </div>
        </div>
        <div role="rowgroup" className="board-body" style={{ height: topOf(total), width }} data-stale={!isFresh || undefined}>
          {isFresh && drawn.map((number) => {
            const row = rowAt(number), index = number + opened(number) * LINES + 2;
            return row
              ? <ItemRows key={row.id} row={row} number={number} index={index} top={topOf(number)} columns={columns} sums={sums} measure={measure} isOpen={isOpen(number)} at={at.row === number ? at : null}
                  isChosen={panel?.id === row.id} chosenColumn={panel?.id === row.id ? chosenColumn : -1} isMixed={isMixed} currency={head.currency} onToggle={toggle} />
              : <WaitingRow key={number} number={number} index={index} top={topOf(number)} width={width - ITEM} />;
          })}
        </div>
      </div>
      {isFresh && !total && (
        <div className="empty board-empty">
          <p className="empty-title">{isNarrowed ? "No items match" : "Nothing is needed"}</p>
          <p className="empty-says">{isNarrowed ? "Change the view or clear the filters to see more." : "This run found no demand, no open supply and nothing to order."}</p>
          {isNarrowed && <button type="button" className="button" onClick={() => { setTyped(""); change({ ...OPENING, view: "all" }); }}>Show all items</button>}
        </div>
      )}
      <p className="board-foot quiet"><span className="status" data-tone="bad">below zero</span><span className="status" data-tone="warn">below safety stock</span><span><kbd>↑</kbd> <kbd>↓</kbd> <kbd>←</kbd> <kbd>→</kbd> move</span><span><kbd>Space</kbd> all measures of an item</span><span><kbd>Enter</kbd> where the number comes from</span><span><kbd>Esc</kbd> back to the board</span></p>
    </div>
  );
}
