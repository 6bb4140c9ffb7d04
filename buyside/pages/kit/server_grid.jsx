// The one grid of Buyside: AG Grid Community over rows that the server pages, sorts and filters.
// Rows carry raw values for keys and edits, and `shown` texts that the server wrote in the reader's locale.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { AgGridReact } from "ag-grid-react";
import { fitted, fromAddress, toAddress } from "./grid_address.jsx";
import { ChosenBar } from "./grid_chosen.jsx";
import { canWrite, columnOf, filled, inOrder, keyOf } from "./grid_columns.jsx";
import { Conflict, Keys, Problems } from "./grid_dialogs.jsx";
import { useEdits } from "./grid_edits.jsx";
import { AddFilter, FilterEditor, Sentence } from "./grid_filters.jsx";
import { useRows } from "./grid_hooks.jsx";
import { look } from "./grid_look.jsx";
import { ColumnsMenu, FileMenu, ViewsMenu, layoutOf } from "./grid_menus.jsx";
import { Floating, Icon, Popover, count } from "./grid_parts.jsx";
import { Range } from "./grid_range.jsx";
import { MOST_ROWS } from "./grid_saving.jsx";

const NOTHING = { view: "", filter: {}, sort: [], columns: [], quick: "" };
const WAIT_FOR_VIEWS = 1500; // milliseconds before the list opens without the person's own views

const sortOf = (api) => api.getColumnState().filter((each) => each.sort).sort((a, b) => a.sortIndex - b.sortIndex).map((each) => [each.colId, each.sort]);
const sameSort = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export function ServerGrid(props) {
  const { savedViews, onKeepView } = props;
  const [isLate, setLate] = useState(false);
  const isWaiting = Boolean(onKeepView) && savedViews == null && !isLate;
  useEffect(() => {
    if (!isWaiting) return undefined;
    const timer = setTimeout(() => setLate(true), WAIT_FOR_VIEWS);
    return () => clearTimeout(timer);
  }, [isWaiting]);
  return isWaiting ? <div className="rows"><p className="waiting" role="status">Loading…</p></div> : <OpenGrid {...props} />;
}

// Whether a cell is written into: what the grid adds of its own, as its boxes to choose rows, says so without a function.
function takesInput(event) {
  const editable = event.column?.getColDef().editable;
  return typeof editable === "function" ? editable(event) : Boolean(editable);
}

// What the list opens with: the address, else the view that the person opens with, else the page's own first view.
function openingOf({ columns, views, savedViews, links }) {
  const defaults = { ...NOTHING, view: views?.[0]?.key ?? "" };
  const asked = links ? fromAddress(window.location.search) : null;
  if (!asked) {
    const first = savedViews?.find((each) => each.is_first);
    return first ? { ...fitted({ ...first.content }, columns, views, savedViews), kept: String(first.id), defaults } : { content: defaults, left: 0, kept: "", defaults };
  }
  const read = fitted(asked.content, columns, views, savedViews);
  const isKept = read.content.view.startsWith("saved-");
  const kept = isKept ? savedViews.find((each) => `saved-${each.id}` === read.content.view) : null;
  const base = kept ? fitted(kept.content, columns, views, savedViews).content : defaults;
  const content = { ...read.content, view: kept ? base.view : read.content.view || defaults.view, columns: base.columns };
  return { content, left: asked.left + read.left, kept: kept ? String(kept.id) : "", defaults };
}

const Bubble = ({ anchor, says }) => (
  <Floating anchor={anchor} isAbove className="refusal-bubble" id="cell-refusal" role="note">{says}<span className="quiet"> Esc gives it up.</span></Floating>
);

function OpenGrid(props) {
  const { url, label, noun, one, columns: described, views, savedViews, scope, changed, released, answer, outcome, acts, chosen, rowHref, selectable, quickHint, emptyTitle, emptySays, emptyLink, canExport, hasExcel,
    importHref, isEditable = true, canAdd, canRemove, flag, links, onOpen, onEdit, onSelect, onSave, onUndo, onKeepView, onForgetView, children } = props;
  const scopeText = JSON.stringify(scope ?? {});
  // A new row belongs to what the grid is limited to, whether that column is shown or not.
  const columns = useMemo(() => described.map((each) => (scope?.[each.name] ? { ...each, default: String(scope[each.name]) } : each)), [described, scopeText]);
  const api = useRef(null);
  const box = useRef(null);
  const marks = useRef({ refused: new Map(), saving: new Set() });
  const navigate = useNavigate();
  const location = useLocation();
  const opening = useRef(null);
  opening.current ??= openingOf({ columns, views, savedViews, links });
  const { defaults } = opening.current;
  const [view, setView] = useState(opening.current.content.view);
  const [kept, setKept] = useState(opening.current.kept);
  const [filter, setFilter] = useState(opening.current.content.filter);
  const [typed, setTyped] = useState(opening.current.content.quick);
  const [quick, setQuick] = useState(opening.current.content.quick);
  const defaultSort = useMemo(() => columns.filter((each) => each.sort).sort((a, b) => (a.sort_place ?? 0) - (b.sort_place ?? 0)).map((each) => [each.name, each.sort]), [columns]);
  const [sort, setSort] = useState(opening.current.content.sort.length ? opening.current.content.sort : defaultSort);
  const [total, setTotal] = useState(null);
  const [trouble, setTrouble] = useState({ says: "", isNote: false });
  const [refusal, setRefusal] = useState("");
  const [notice, setNotice] = useState(opening.current.left ? "Part of the address means nothing here and was left out." : "");
  const [headFilter, setHeadFilter] = useState(null);
  const [isHelp, setHelp] = useState(false);
  const [layoutRound, setLayoutRound] = useState(0);
  const [picked, setPicked] = useState(new Map());
  const [isAll, setAll] = useState(false);
  const [isChoosing, setChoosing] = useState(false);
  const writes = Boolean(onSave) && Boolean(isEditable);
  const columnsText = JSON.stringify(columns);
  const chosenRef = useRef("");
  const savesNew = useRef(false);
  const known = useMemo(() => new Map(columns.map((each) => [each.name, each])), [columnsText]);
  const onTrouble = useCallback((says, isNote = false) => setTrouble((before) => (before.says === says || (!says && before.isNote) ? before : { says, isNote })), []);

  useEffect(() => { const timer = setTimeout(() => setQuick(typed.trim()), 220); return () => clearTimeout(timer); }, [typed]);

  const [applied, setApplied] = useState(filter); // a filter that is being typed waits for a moment
  useEffect(() => { const timer = setTimeout(() => setApplied(filter), 150); return () => clearTimeout(timer); }, [filter]);
  const viewFilter = views?.find((each) => each.key === view)?.filter;
  const rows = useRows({ url, columns, viewFilter, filter: applied, quick, scopeText, onTrouble, onTotal: setTotal });
  const range = useRef(null);
  range.current ??= new Range(() => api.current);
  const pickedRef = useRef(picked);
  pickedRef.current = picked;
  const pickedOf = useMemo(() => ({ get current() { return pickedRef.current; }, clear: () => { pickedRef.current = new Map(); setPicked(new Map()); setAll(false); onSelect?.([]); api.current?.deselectAll(); } }), []);
  const edits = useEdits({ api, range: range.current, picked: pickedOf, columns, one, noun, historyOf: `${url}${scopeText}`, isEditable: writes, onSave, outcome, acts, onUndo, rows,
    currentSort: () => sortOf(api.current), onTrouble });
  const { saves } = edits;

  // ---- the address, and views that are kept ----
  const isFirstAddress = useRef(true);
  const shownSort = sameSort(sort, defaultSort) ? [] : sort;
  useEffect(() => {
    if (!links) return;
    if (isFirstAddress.current && !window.location.search) { isFirstAddress.current = false; if (!kept && view === defaults.view && !quick && !shownSort.length && !Object.keys(filter).length) return; }
    isFirstAddress.current = false;
    const address = toAddress(window.location, { view: kept ? `saved-${kept}` : view === defaults.view ? "" : view, filter, sort: shownSort, quick });
    // The router's own note of this entry stays as it is: it reads the address anew when somebody comes back to it.
    if (address !== window.location.pathname + window.location.search + window.location.hash) window.history.replaceState(window.history.state, "", address);
  }, [links, view, kept, filter, quick, JSON.stringify(shownSort)]);

  const show = useCallback((content, id, isWithColumns) => {
    setView(content.view || defaults.view);
    setKept(id);
    setFilter(content.filter);
    setTyped(content.quick);
    setQuick(content.quick);
    if (!api.current) return;
    const wanted = content.sort.length ? content.sort : defaultSort;
    const state = (isWithColumns ? content.columns : []).map((each) => ({ colId: each.name, hide: each.is_hidden, pinned: each.pinned || null, ...(each.width ? { width: each.width, flex: null } : {}) }));
    for (const [place, [name, direction]] of wanted.entries()) {
      const entry = state.find((each) => each.colId === name) ?? state[state.push({ colId: name }) - 1];
      Object.assign(entry, { sort: direction, sortIndex: place });
    }
    api.current.applyColumnState({ state, applyOrder: isWithColumns && content.columns.length > 0, defaultState: { sort: null } });
  }, [defaultSort]);

  const seenKey = useRef(location.key);
  useEffect(() => { // a link to this very page
    if (!links || seenKey.current === location.key) return;
    seenKey.current = location.key;
    const read = openingOf({ columns, views, savedViews, links });
    setNotice(read.left ? "Part of the address means nothing here and was left out." : "");
    show(read.content, read.kept, Boolean(read.kept));
  }, [location.key]);

  const isTouchedByHand = useRef(false);
  const knewViews = useRef(Boolean(savedViews?.length));
  useEffect(() => { // views that came after the list was opened
    if (knewViews.current || !savedViews?.length) return;
    knewViews.current = true;
    const asks = links && fromAddress(window.location.search);
    if (isTouchedByHand.current || (asks && !asks.content.view.startsWith("saved-"))) return;
    const read = openingOf({ columns, views, savedViews, links });
    if (read.kept) { setNotice(""); show(read.content, read.kept, true); }
  }, [savedViews]);

  const contentNow = () => ({ view, filter, sort: sortOf(api.current), columns: layoutOf(api.current), quick });
  const current = savedViews?.find((each) => String(each.id) === kept);
  const isChanged = useMemo(() => {
    if (!current || !api.current) return false;
    const was = fitted(current.content, columns, views, savedViews).content;
    const is = contentNow();
    return JSON.stringify([was.filter, was.sort, was.quick, was.columns]) !== JSON.stringify([is.filter, is.sort, is.quick, is.columns]);
  }, [current, filter, quick, sort, layoutRound]);

  const changeFilter = useCallback((name, condition) => {
    isTouchedByHand.current = true;
    setFilter((before) => { const next = { ...before }; if (condition) next[name] = condition; else delete next[name]; return next; });
  }, []);

  // ---- news from the server ----
  useEffect(() => {                                                    // "serial:id,id" or "serial:*"
    if (!changed || !api.current) return;
    const ids = changed.slice(changed.indexOf(":") + 1);
    if (ids === "*") { rows.forget(); api.current.refreshInfiniteCache(); } else edits.refetch(ids.split(",").filter(Boolean));
  }, [changed]);

  useEffect(() => {                                                    // what the server said of an edited cell
    if (!answer?.id) return;
    const cell = `${answer.id}|${answer.field}`;
    marks.current.saving.delete(cell);
    if (answer.says) { marks.current.refused.set(cell, answer.says); setRefusal(answer.says); }
    else if (marks.current.refused.delete(cell) || !marks.current.refused.size) setRefusal("");
    edits.refetch([String(answer.id)]).then(() => api.current?.refreshCells({ rowNodes: [api.current.getRowNode(String(answer.id))].filter(Boolean), force: true }));
  }, [answer?.serial]);

  useEffect(() => { chosenRef.current = String(chosen ?? ""); api.current?.redrawRows(); }, [chosen]);

  const open = useCallback((row) => {
    if (!row) return;
    if (rowHref) navigate(filled(rowHref, row)); else onOpen?.(String(row.id));
  }, [rowHref, navigate, onOpen]);
  const opens = Boolean(rowHref || onOpen);

  // ---- keys ----
  const focus = (row, name) => { if (name) { api.current.ensureIndexVisible(row); api.current.ensureColumnVisible(name); api.current.setFocusedCell(row, name); } };
  const onKey = useRef(null);
  onKey.current = (p) => {
    const { event, editing, node, column, data } = p;
    const { key } = event;
    if (event.type !== "keydown") return false;
    const isPinned = node.rowPinned === "top";
    const ctrl = event.ctrlKey || event.metaKey;
    if (editing) {
      if (isPinned && key === "Enter" && !event.shiftKey) savesNew.current = true;
      if (isPinned && key === "Escape" && !edits.isTouched()) setTimeout(edits.leaveNew);
      return false;
    }
    const described = known.get(column.getColId());
    const writable = (writes || Boolean(onEdit)) && described && canWrite(described, data, true);
    const done = () => { event.preventDefault(); event.stopPropagation(); return true; };
    if (ctrl && key.toLowerCase() === "z" && writes) { saves.reverse(event.shiftKey ? "redo" : "undo"); return done(); }
    if (ctrl && key.toLowerCase() === "y" && writes) { saves.reverse("redo"); return done(); }
    if (ctrl && key.toLowerCase() === "d" && writes) { edits.fill(false); return done(); }
    if (ctrl && key === "Enter" && opens && data && !isPinned) { open(data); return done(); }
    if (key === "?" && !ctrl) { setHelp(true); return done(); }
    if (event.shiftKey && key.startsWith("Arrow") && range.current.extend(key, api.current.getDisplayedRowCount())) return done();
    if ((key === "Home" || key === "End") && !isPinned) {
      const order = range.current.ordered();
      const row = ctrl ? (key === "Home" ? 0 : api.current.getDisplayedRowCount() - 1) : node.rowIndex;
      range.current.clear();
      focus(row, ctrl ? column.getColId() : key === "Home" ? order[0] : order.at(-1));
      return done();
    }
    if (key.startsWith("Arrow") || key === "Tab" || key.startsWith("Page")) range.current.clear();
    if (isPinned && key === "Enter" && (described?.kind !== "flag")) { edits.saveNew(); return done(); }
    if (key === "Escape") {
      if (range.current.isMany) range.current.clear();
      else if (described && saves.giveUp(keyOf(data), described.name)) edits.setBubble(null);
      else if (isPinned) edits.leaveNew();
      else return false;
      return done();
    }
    if (key === " " && writable && described.kind === "flag" && onSave && !event.shiftKey) { edits.toggle(data, described); return done(); }
    if (key === "Enter" && writable && described.kind === "flag" && onSave) { edits.toggle(data, described); return done(); }
    if (key === " " && event.shiftKey && data && !isPinned && (selectable || writes)) { node.setSelected(!node.isSelected()); return done(); }
    if (key === "Delete" && writes && data && !isPinned) { edits.fill(true); return done(); }
    if (writable && key.length === 1 && !ctrl && !event.altKey) event.stopPropagation(); // begins an edit; to the page it would be a shortcut
    return false;
  };
  const onHeadKey = useCallback((p) => {
    if (p.event.type !== "keydown" || p.event.key !== "ArrowDown" || !p.event.altKey || !p.column?.getColId) return false;
    setHeadFilter({ name: p.column.getColId(), anchor: p.event.target.closest(".ag-header-cell") });
    p.event.preventDefault();
    return true;
  }, []);
  const onTab = useRef(null);
  onTab.current = ({ previousCellPosition: from, nextCellPosition: to, backwards }) => {
    if (from.rowPinned !== "top") return to ?? false;                  // after the last cell the keyboard goes on with the page
    const order = range.current.ordered().filter((name) => canWrite(known.get(name), edits.draft, writes));
    const at = order.indexOf(from.column.getColId());
    const next = order[(at + (backwards ? order.length - 1 : 1)) % order.length];
    return { rowIndex: 0, rowPinned: "top", column: api.current.getColumn(next) };
  };

  // ---- the definition of the table ----
  const layout = useRef(opening.current.content).current;
  const context = useMemo(() => ({ navigate, saves, marks, isInRange: (p) => range.current.has(p.node?.rowIndex ?? p.rowIndex, p.colDef.field, p.node?.rowPinned),
    openFilter: (name, anchor) => setHeadFilter({ name, anchor }) }), []);
  const defs = useMemo(() => inOrder(columns, layout).map((column) => columnOf(column, layout, onSave ? writes : true)), [columnsText, writes]);
  const defaultDef = useMemo(() => ({ suppressKeyboardEvent: (p) => onKey.current(p), suppressHeaderKeyboardEvent: onHeadKey }), []);
  const fileAddress = (kind) => `${url}.${kind}?${rows.asked(sortOf(api.current).map(([colId, direction]) => ({ colId, sort: direction })))}`;
  const conditions = Object.keys(filter).length;
  const narrowed = Boolean(quick || conditions || (views?.length && view !== views[0].key));
  const showAll = () => { setTyped(""); setQuick(""); setView(views?.[0]?.key ?? ""); setFilter({}); setKept(""); };

  // ---- chosen rows ----
  const choose = (event) => {
    const nodes = event.api.getSelectedNodes();
    if (!writes) onSelect?.(nodes.map((node) => node.id));
    if (!writes || event.source?.startsWith("api") && isChoosing) return;
    const next = new Map(pickedRef.current);
    event.api.forEachNode((node) => { if (node.data && !node.isSelected()) next.delete(String(node.id)); });
    for (const node of nodes) if (node.data) next.set(String(node.id), next.get(String(node.id)) ?? node.data);
    if (next.size < pickedRef.current.size) setAll(false);
    setPicked(next);
    onSelect?.([...next.keys()]);
  };
  const markPicked = () => {
    if (!isAll || !api.current) return;
    const unmarked = [];
    api.current.forEachNode((node) => { if (node.data && pickedRef.current.has(String(node.id)) && !node.isSelected()) unmarked.push(node); });
    if (unmarked.length) api.current.setNodesSelected({ nodes: unmarked, newValue: true, source: "api" });
  };
  const chooseAll = async () => {
    setChoosing(true);
    try {
      const found = await rows.between(sortOf(api.current).map(([colId, direction]) => ({ colId, sort: direction })), 0, MOST_ROWS);
      setPicked(new Map(found.map((row) => [String(row.id), row])));
      setAll(true);
      onSelect?.(found.map((row) => String(row.id)));
    } catch (error) { onTrouble(error.message, true); }
    setChoosing(false);
  };
  useEffect(markPicked, [isAll, picked]);
  useEffect(() => {
    if (!released) return;
    const ids = released.slice(released.indexOf(":") + 1);
    if (ids === "*") { pickedOf.clear(); return; }
    const gone = new Set(ids.split(","));
    const next = new Map([...pickedRef.current].filter(([id]) => !gone.has(id)));
    if (next.size === pickedRef.current.size) return;
    pickedRef.current = next; // before the rows let go, which reads it
    setPicked(next); setAll(false);
    const nodes = [...gone].map((id) => api.current?.getRowNode(id)).filter((node) => node?.isSelected());
    if (nodes.length) api.current.setNodesSelected({ nodes, newValue: false, source: "api" });
    onSelect?.([...next.keys()]);
  }, [released]);
  const chooseNone = pickedOf.clear;
  const setValue = (column, value) => {
    const all = [...pickedRef.current.values()];
    const open_ = all.filter((row) => canWrite(column, row, writes));
    if (open_.length < all.length) { onTrouble(`${column.label} cannot be changed in ${count(all.length - open_.length, "of the chosen rows", "of the chosen rows")}. Nothing was changed.`, true); return; }
    saves.save("bulk", open_.map((row) => ({ key: String(row.id), version: Number(row.version ?? 0), cells: { [column.name]: value }, row })), `${column.label} of ${count(open_.length, one, noun)}`);
  };
  const remove = () => {
    const all = [...pickedRef.current.values()];
    saves.save("remove", all.map((row) => ({ key: String(row.id), version: Number(row.version ?? 0), cells: {}, row })), all.length === 1 ? `removal of ${edits.nameOf(all[0])}` : `removal of ${count(all.length, one, noun)}`);
  };
  const copyRows = () => { navigator.clipboard?.writeText(edits.copiedRows()).then(() => edits.setSaid(`${count(pickedRef.current.size, "row")} copied.`), () => onTrouble("The browser does not let this page write to the clipboard.", true)); };

  useEffect(() => {
    const element = box.current;
    const inTable = (event) => event.target.closest?.(".ag-root") && !event.target.closest("input, textarea, select");
    const onCopy = (event) => {
      if (!inTable(event) || window.getSelection()?.toString()) return;
      const text = latestEdits.current.copied();
      if (text != null) { event.clipboardData.setData("text/plain", text); event.preventDefault(); latestEdits.current.setSaid("Copied."); }
    };
    const onPaste = (event) => {
      if (!inTable(event) || !latestEdits.current.writes) return;
      event.preventDefault();
      latestEdits.current.paste(event.clipboardData.getData("text/plain"));
    };
    element.addEventListener("copy", onCopy);
    element.addEventListener("paste", onPaste);
    return () => { element.removeEventListener("copy", onCopy); element.removeEventListener("paste", onPaste); };
  }, []);
  const latestEdits = useRef(null);
  latestEdits.current = { ...edits, writes };

  // ---- the refusal beside its cell ----
  const bubbleCell = edits.bubble ? edits.cellOf(edits.bubble.key, edits.bubble.name) : null;
  useEffect(() => {
    if (!bubbleCell) return undefined;
    bubbleCell.setAttribute("aria-describedby", "cell-refusal");
    bubbleCell.setAttribute("aria-invalid", "true");
    return () => { bubbleCell.removeAttribute("aria-describedby"); bubbleCell.removeAttribute("aria-invalid"); };
  }, [bubbleCell]);
  const pinnedTop = useMemo(() => (edits.draft ? [edits.draft] : []), [edits.draft]);
  const undo = saves.undos.at(-1);
  const redo = saves.redos.at(-1);
  const { latest } = edits;
  const isBad = latest && !(edits.conflict?.set === latest);
  const good = latest ? latest.changes.size - new Set(latest.problems.map((each) => each.at_key)).size : 0;
  const headColumn = headFilter && known.get(headFilter.name);

  return (
    <div ref={box} className={`rows${opens ? " opens" : ""}${onSave ? " writes" : ""}`}>
      <div className="rows-bar">
        {views?.length > 0 && (
          <div className="rows-views" role="group" aria-label={`Views of ${label}`}>
            {views.map((each) => (
              <button key={each.key} type="button" className="rows-view" aria-pressed={each.key === view && !kept} onClick={() => { isTouchedByHand.current = true; setKept(""); setView(each.key); }}>{each.label}</button>
            ))}
          </div>
        )}
        <div className="rows-quick"><Icon name="glass" />
          <input className="input" type="search" value={typed} placeholder={quickHint} aria-label={`${quickHint} in ${label}`} onChange={(event) => { isTouchedByHand.current = true; setTyped(event.target.value); }} />
        </div>
        {columns.some((each) => each.filterable) && <AddFilter columns={columns} filter={filter} onChange={changeFilter} />}
        <div className="rows-tools">
          <span className="rows-count" role="status">{total ? `${total.text} ${total.shown === 1 && one ? one : noun}` : ""}</span>
          {writes && (undo || redo) && (
            <span className="rows-undo">
              {undo && <button type="button" className="button plain" title={`Undo: ${undo.label} (Ctrl+Z)`} onClick={() => saves.reverse("undo")}><Icon name="undo" /><span className="clip">Undo {undo.label}</span></button>}
              {redo && <button type="button" className="button plain square" aria-label={`Do again: ${redo.label}`} title={`Do again: ${redo.label} (Ctrl+Y)`} onClick={() => saves.reverse("redo")}><Icon name="redo" /></button>}
            </span>
          )}
          {onKeepView && <ViewsMenu saved={savedViews} current={current} isChanged={isChanged} onOpen={(each) => { isTouchedByHand.current = true; show(fitted(each.content, columns, views, savedViews).content, String(each.id), true); }}
            onKeep={(name, isFirst, content) => { isTouchedByHand.current = true; onKeepView({ name, is_first: isFirst, content: content ?? contentNow() }); }}
            onForget={(each) => { if (String(each.id) === kept) setKept(""); onForgetView?.(String(each.id)); }} />}
          <ColumnsMenu api={api} columns={columns} onReset={() => { api.current.resetColumnState(); setLayoutRound(layoutRound + 1); }} />
          {(canExport || importHref) && <FileMenu hasExcel={hasExcel} canExport={canExport} importHref={importHref} fileAddress={fileAddress} navigate={navigate} total={total?.text} noun={noun} />}
          <button type="button" className="button plain square" aria-label="Keys of the grid" title="Keys (?)" onClick={() => setHelp(true)}><Icon name="keys" /></button>
          {children && <div className="rows-actions">{children}</div>}
          {writes && canAdd && <button type="button" className="button primary" onClick={edits.beginNew}><Icon name="plus" />New {one}</button>}
        </div>
      </div>
      <Sentence columns={columns} noun={noun} filter={filter} onChange={changeFilter} onClear={() => setFilter({})} />
      {writes && picked.size > 0 && <ChosenBar number={picked.size} total={total?.shown ?? 0} isMore={total?.text?.endsWith("+")} isAll={isAll} isBusy={isChoosing} one={one} noun={noun} flag={flag} canRemove={canRemove}
        columns={columns.filter((each) => each.editable && !each.fixed)} onSet={setValue} onRemove={remove} onAll={chooseAll} onNone={chooseNone} onCopy={copyRows} />}
      {edits.draft && (
        <div className="rows-note">New {one}: Enter saves it, Esc leaves.
          <button type="button" className="button" onClick={() => { api.current.stopEditing(); setTimeout(edits.saveNew, 20); }}>Save {one}</button>
          <button type="button" className="button plain" onClick={edits.leaveNew}>Leave</button>
        </div>
      )}
      {notice && <div className="rows-note" role="status">{notice}<button type="button" className="button plain" onClick={() => setNotice("")}>Dismiss</button></div>}
      {saves.isSlow && <div className="rows-note" role="status">No answer from the server yet. Your change is kept here.<button type="button" className="button plain" onClick={() => saves.sendAgain()}>Send again</button></div>}
      {isBad && (
        <div className="rows-refused" role="alert">
          <span>Not saved: {latest.says || (latest.problems.length === 1 ? latest.problems[0].says : `${count(latest.problems.length, "finding")} against “${latest.label}”. ${latest.problems[0]?.says ?? ""}`)}</span>
          <span className="rows-refused-acts">
            {saves.stale(latest).length > 0 && <button type="button" className="button plain" onClick={() => edits.compare(latest)}>Compare</button>}
            {latest.problems.length > 0 && <button type="button" className="button plain" onClick={() => (latest.problems.length === 1 ? edits.goTo(latest.problems[0]) : edits.setListed(latest))}>{latest.problems.length === 1 ? "Go to it" : "List"}</button>}
            {good > 0 && latest.problems.length > 0 && latest.act !== "new" && <button type="button" className="button plain" onClick={() => saves.without(latest, latest.problems.map((each) => each.at_key))}>{latest.act === "remove" ? "Remove" : "Save"} the other {good.toLocaleString()}</button>}
            <button type="button" className="button plain" onClick={() => { saves.drop(latest); edits.setBubble(null); }}>Discard</button>
          </span>
        </div>
      )}
      {refusal && <div className="rows-refused" role="alert">Not saved: {refusal}<button type="button" className="button plain" onClick={() => {
        marks.current.refused.clear(); setRefusal(""); api.current?.refreshCells({ force: true }); }}>Dismiss</button></div>}
      {trouble.says && <div className="rows-refused" role="alert">{trouble.says}<button type="button" className="button plain" onClick={() => {
        setTrouble({ says: "", isNote: false }); if (!trouble.isNote) api.current?.refreshInfiniteCache(); }}>{trouble.isNote ? "Dismiss" : "Try again"}</button></div>}
      <p className="only-read" role="status" aria-live="polite">{edits.said}</p>
      <div className="rows-body" role="region" aria-label={label}>
        {total?.shown === 0 && !edits.draft && (
          <div className="rows-empty"><div className="empty">
            <p className="empty-title">{narrowed ? `No ${noun} match` : emptyTitle}</p>
            <p className="empty-says">{narrowed ? "Change or clear the filter to see more." : emptySays}</p>
            {narrowed && <button type="button" className="button" onClick={showAll}>Show all</button>}
            {!narrowed && writes && canAdd && <button type="button" className="button" onClick={edits.beginNew}>New {one}</button>}
            {!narrowed && writes && emptyLink?.[0] && <button type="button" className="button plain" onClick={() => navigate(emptyLink[1])}>{emptyLink[0]}</button>}
          </div></div>
        )}
        <AgGridReact
          theme={look} columnDefs={defs} defaultColDef={defaultDef} rowModelType="infinite" datasource={rows.datasource} cacheBlockSize={100} maxBlocksInCache={20}
          infiniteInitialRowCount={18} maxConcurrentDatasourceRequests={2} blockLoadDebounceMillis={40} pinnedTopRowData={pinnedTop} maintainColumnOrder
          getRowId={(p) => (p.data.__new ? "new-row" : String(p.data.id))} context={context} suppressCellFocus={false} animateRows={false} enableCellTextSelection
          suppressNoRowsOverlay suppressDragLeaveHidesColumns tooltipShowDelay={300} stopEditingWhenCellsLoseFocus readOnlyEdit enterNavigatesVerticallyAfterEdit={writes}
          rowSelection={selectable || writes ? { mode: "multiRow", headerCheckbox: false, enableClickSelection: false } : undefined}
          selectionColumnDef={{ pinned: "left", width: 40, headerName: "Chosen", headerClass: "head-unseen" }} tabToNextCell={(p) => onTab.current(p)}
          rowClassRules={{ "row-open": (p) => p.data && String(p.data.id) === chosenRef.current, "row-waiting": (p) => !p.data, "row-new": (p) => p.data?.__new,
            "row-fresh": (p) => edits.fresh.current.has(p.node.id), "row-refused": (p) => p.data && saves.rows.has(keyOf(p.data)) }}
          onGridReady={(event) => { api.current = event.api; setLayoutRound((round) => round + 1); }} onModelUpdated={markPicked}
          onSortChanged={(event) => { setSort(sortOf(event.api)); }}
          onColumnResized={(event) => { if (event.finished) setLayoutRound((round) => round + 1); }} onColumnMoved={(event) => { if (event.finished) setLayoutRound((round) => round + 1); }}
          onColumnVisible={() => setLayoutRound((round) => round + 1)} onColumnPinned={() => setLayoutRound((round) => round + 1)}
          onSelectionChanged={choose}
          onCellFocused={(event) => {
            const name = event.column?.getColId?.();
            if (!name) return;
            const { anchor } = range.current;
            if (anchor && (anchor.row !== event.rowIndex || anchor.column !== name)) range.current.clear();
            const node = event.rowPinned ? api.current?.getPinnedTopRow(0) : api.current?.getDisplayedRowAtIndex(event.rowIndex);
            const key = node?.data ? keyOf(node.data) : null;
            const says = key === null ? "" : saves.cell(key, name)?.says || saves.rows.get(key) || "";
            edits.setBubble(says ? { key, name, says } : null);
          }}
          onCellMouseDown={(event) => {
            const focused = event.api.getFocusedCell();
            if (!event.event.shiftKey || !focused || focused.rowPinned || event.rowPinned || !known.has(event.column.getColId())) return;
            event.event.preventDefault();
            const anchor = range.current.anchor ?? { row: focused.rowIndex, column: focused.column.getColId() };
            setTimeout(() => { event.api.setFocusedCell(anchor.row, anchor.column); range.current.set(anchor, { row: event.rowIndex, column: event.column.getColId() }); });
          }}
          onCellClicked={(event) => {
            if (!opens || !event.data || event.data.__new || event.event?.shiftKey || takesInput(event) || window.getSelection()?.toString()) return;
            if (event.column?.getColId().startsWith("ag-Grid-")) return;
            open(event.data);
          }}
          onCellKeyDown={(event) => {
            if (event.event.key !== "Enter") return;
            if (savesNew.current) { savesNew.current = false; setTimeout(edits.saveNew); return; }
            if (!opens || event.data?.__new || takesInput(event)) return;
            open(event.data);
          }}
          onCellEditRequest={(event) => {
            const column = known.get(event.colDef.field);
            const value = event.newValue == null ? "" : String(event.newValue);
            if (onSave) { edits.write(event.data, column, value); return; }
            if (value === (event.oldValue == null ? "" : String(event.oldValue)) || value === event.data.shown?.[column.name]) return;
            const cell = `${event.data.id}|${column.name}`;
            marks.current.refused.delete(cell);
            marks.current.saving.add(cell);
            event.api.refreshCells({ rowNodes: [event.node], force: true });
            onEdit?.({ id: String(event.data.id), version: Number(event.data.version ?? 0), field: column.name, value });
          }}
        />
      </div>
      {bubbleCell && <Bubble anchor={bubbleCell} says={edits.bubble.says} />}
      {headColumn && (
        <Popover anchor={headFilter.anchor} label={`Filter by ${headColumn.label}`} onClose={() => setHeadFilter(null)}>
          <p className="popover-head">{headColumn.label}</p>
          <FilterEditor column={headColumn} condition={filter[headColumn.name]} onChange={(next) => changeFilter(headColumn.name, next)} onClose={() => setHeadFilter(null)} />
        </Popover>
      )}
      {edits.conflict && <Conflict set={edits.conflict.set} stale={saves.stale(edits.conflict.set)} facts={edits.conflict.facts} columns={columns} nameOf={edits.nameOf} one={one} noun={noun}
        onTheirs={edits.settle.theirs} onMine={edits.settle.mine} onClose={() => edits.setConflict(null)} />}
      {edits.listed && <Problems set={edits.listed} columns={columns} nameOf={edits.nameOf} onGo={edits.goTo} onClose={() => edits.setListed(null)} />}
      {isHelp && <Keys isEditable={writes} onClose={() => setHelp(false)} />}
    </div>
  );
}
