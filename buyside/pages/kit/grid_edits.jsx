// Writing in the grid: edits, undo, paste, fill, new rows, and what to do when somebody else was faster.
import { useCallback, useEffect, useRef, useState } from "react";
import { pastedText, readTable, writeTable } from "./grid_clipboard.jsx";
import { NUMERIC, canWrite, keyOf, textIn } from "./grid_columns.jsx";
import { count } from "./grid_parts.jsx";
import { MOST_ROWS, Saves } from "./grid_saving.jsx";

const REFETCHED = 400; // changed rows beyond which the loaded pages are fetched anew as a whole
const histories = new Map(); // what can be undone in each list, for as long as this tab stays open

// As it would be typed: numbers in the reader's locale, everything else as it is stored.
const typedOf = (column, row) => (NUMERIC.has(column.kind) ? row?.shown?.[column.name] ?? "" : row?.[column.name] == null ? "" : String(row[column.name]));
const copiedOf = (column, row) => (column.kind === "date" ? row?.[column.name] ?? "" : textIn(column, row));

export function useEdits({ api, range, picked, columns, one, noun, historyOf, isEditable, onSave, outcome, acts, onUndo, rows, currentSort, onTrouble }) {
  const [, setRound] = useState(0);
  const [said, setSaid] = useState("");
  const [conflict, setConflict] = useState(null);
  const [listed, setListed] = useState(null);
  const [bubble, setBubble] = useState(null);
  const [draft, setDraft] = useState(null);
  const fresh = useRef(new Set());
  const known = new Map(columns.map((each) => [each.name, each]));
  const now = useRef({});

  const saves = useRef(null);
  if (saves.current === null) {
    saves.current = new Saves({
      send: (message) => now.current.onSave?.(message),
      changed: (keys) => now.current.redraw(keys),
      saved: (keys, set) => now.current.saved(keys, set),
      refused: (set) => now.current.refused(set),
      givenUp: (set) => { setBubble(null); setSaid(`Given up: ${set.label}`); },
      stirred: () => setRound((round) => round + 1),
      undoneOutside: (label) => { setSaid(`Undone: ${label}`); now.current.onUndo?.(); },
    });
    const history = histories.get(historyOf);
    if (history) Object.assign(saves.current, history);
    const { undos, redos, bumps, alias, heard } = saves.current;
    histories.set(historyOf, { undos, redos, bumps, alias, heard });
  }
  const own = saves.current;
  useEffect(() => () => clearTimeout(own.timer), []);

  // What a row is called: its code where it leads somewhere, else what stands first.
  const nameOf = useCallback((row, key) => {
    const found = row ?? api.current?.getRowNode(key)?.data ?? picked.current?.get(key);
    const column = columns.find((each) => each.href && !each.href.startsWith("http") && found && textIn(each, found)) ?? columns.find((each) => each.pinned) ?? columns[0];
    return (found && column && textIn(column, found)) || `${one} ${key}`;
  }, [columns, one]);

  const refetch = useCallback(async (ids) => {
    if (!ids.length || !api.current) return;
    if (ids.length > REFETCHED) { rows.forget(); api.current.refreshInfiniteCache(); return; }
    try {
      const found = await rows.byKey(ids);
      for (const id of ids) {
        const node = api.current?.getRowNode(id);
        if (node && found.has(id)) node.setData(found.get(id));
        if (picked.current?.has(id) && found.has(id)) picked.current.set(id, found.get(id));
      }
      if (ids.some((id) => !found.has(id))) api.current?.refreshInfiniteCache();
    } catch (error) { onTrouble(error.message); }
  }, [rows.byKey]);

  // A row as it is seen in one column: what was typed there stands until the saved row has come back.
  const standing = (column, row) => {
    const pending = row && own.cell(keyOf(row), column.name);
    return pending ? { ...row, [column.name]: pending.text, shown: { ...row.shown, [column.name]: pending.text } } : row;
  };

  const cellOf = (key, name) => {
    const place = key ? api.current?.getRowNode(key)?.rowIndex : "t-0";
    return place == null ? null : document.querySelector(`.rows [row-index="${place}"] [col-id="${CSS.escape(name)}"]`);
  };

  Object.assign(now.current, {
    onSave,
    onUndo,
    redraw: (keys) => {
      if (!api.current) return;
      const rowNodes = keys.length > 200 ? undefined : keys.map((key) => (key ? api.current.getRowNode(key) : api.current.getPinnedTopRow(0))).filter(Boolean);
      if (!rowNodes || rowNodes.length) api.current.refreshCells({ rowNodes, force: true });
      if (own.rows.size || now.current.hadRows) api.current.redrawRows({ rowNodes }); // what stands against a row as a whole colours it whole
      now.current.hadRows = own.rows.size > 0;
    },
    saved: async (keys, set) => {
      setSaid(set.from === "undo" ? `Undone: ${set.label}` : set.from === "redo" ? `Done again: ${set.label}` : `Saved: ${set.label}`);
      setBubble(null);
      const isOther = set.act === "remove" || [...set.changes.values()].some((each) => !each.key);
      if (isOther) {
        if (set.act !== "remove") keys.forEach((key) => fresh.current.add(key));
        else if (!set.from) picked.clear();
        rows.forget();
        api.current?.refreshInfiniteCache();
        own.settled(set);
        if (set.act === "new") beginNew(true);
      } else {
        await refetch(keys);
        own.settled(set);
      }
    },
    refused: (set) => {
      if (own.stale(set).length) { compare(set); return; }
      const first = set.problems.find((each) => each.column);
      if (set.act === "new" && first) { startNew(first.column); setBubble({ key: "", name: first.column, says: first.says }); }
      else if (set.problems.length === 1 && first) setBubble({ key: first.at_key, name: first.column, says: first.says });
    },
  });

  const compare = async (set) => {
    const keys = [...new Set(own.stale(set).map((each) => each.at_key))].filter(Boolean);
    try {
      const found = await rows.byKey(keys);
      const seen = new Map([...set.changes.values()].map((each) => [each.key, each.row]));
      setConflict({ set, facts: new Map(keys.map((key) => [key, { now: found.get(key), seen: seen.get(key) }])) });
    } catch (error) { onTrouble(error.message); }
  };

  useEffect(() => { if (outcome?.serial) own.answer(outcome); }, [outcome?.serial]);
  useEffect(() => { if (acts) own.hear(acts); }, [acts?.map((each) => each.serial).join()]);

  const write = (row, column, text) => {
    const pending = own.cell(keyOf(row), column.name);
    if (text === (pending?.text ?? (row[column.name] == null ? "" : String(row[column.name])))) return;
    if (!pending && text === (row.shown?.[column.name] ?? null)) return;
    if (row.__new) {
      row[column.name] = text;
      own.giveUp("", column.name);
      now.current.redraw([""]);
      return;
    }
    own.save("edit", [{ key: keyOf(row), version: Number(row.version ?? 0), cells: { [column.name]: text }, row }], `${column.label} of ${nameOf(row)}`);
  };

  const toggle = (row, column) => {
    const value = own.cell(keyOf(row), column.name)?.text ?? row[column.name];
    write(row, column, String(value) === "true" ? "false" : "true");
  };

  // Many cells at once: what differs is saved, together or not at all.
  const writeMany = (act, wanted, label) => {
    const changes = new Map();
    const fixed = new Set();
    for (const { row, column, text } of wanted) {
      const stands = standing(column, row);
      const has = [stands[column.name] == null ? "" : String(stands[column.name]), stands.shown?.[column.name] ?? "", textIn(column, stands)];
      if (has.includes(text)) continue;
      if (!canWrite(column, row, isEditable)) { fixed.add(column.label); continue; }
      const change = changes.get(keyOf(row)) ?? { key: keyOf(row), version: Number(row.version ?? 0), cells: {}, row };
      change.cells[column.name] = text;
      changes.set(keyOf(row), change);
    }
    if (fixed.size) { onTrouble(`${[...fixed].join(", ")} cannot be changed here. Nothing was changed.`, true); return; }
    if (!changes.size) { setSaid("Nothing differs from what stands there."); return; }
    if (changes.size > MOST_ROWS) { onTrouble(`At most ${MOST_ROWS.toLocaleString()} rows are changed at a time.`, true); return; }
    own.save(act, [...changes.values()], label);
  };

  const rowsAt = async (first, last) => {
    const loaded = [];
    for (let i = first; i <= last; i += 1) {
      const node = api.current.getDisplayedRowAtIndex(i);
      if (!node?.data) return rows.between(currentSort().map(([colId, sort]) => ({ colId, sort })), first, last + 1);
      loaded.push(node.data);
    }
    return loaded;
  };

  const paste = async (text) => {
    const table = readTable(text);
    if (!table.length || !table[0].length) return;
    const focused = api.current.getFocusedCell();
    if (!focused) return;
    const order = range.ordered();
    const isNew = focused.rowPinned === "top";
    const marked = isNew ? null : range.bounds();
    const from = order.indexOf(isNew ? focused.column.getColId() : marked?.columns[0]);
    if (from < 0) return;
    const isOne = table.length === 1 && table[0].length === 1;
    const names = isOne && marked ? marked.columns : order.slice(from, from + Math.max(...table.map((each) => each.length)));
    const textOf = (line, place) => (isOne ? table[0][0] : table[line]?.[place]);
    if (isNew) {
      const lines = table.map((_, line) => Object.fromEntries(names.map((name, place) => [name, textOf(line, place)]).filter(([name, each]) => each !== undefined && canWrite(known.get(name), draft, isEditable))
        .map(([name, each]) => [name, pastedText(known.get(name), each)])));
      if (lines.length === 1) { Object.assign(draft, lines[0]); now.current.redraw([""]); return; }
      const defaults = Object.fromEntries(columns.filter((each) => each.default && each.editable).map((each) => [each.name, each.default]));
      own.save("new", lines.map((cells) => ({ key: "", version: 0, cells: { ...defaults, ...cells } })), count(lines.length, `new ${one}`, `new ${noun}`));
      return;
    }
    const length = isOne ? marked.last - marked.first + 1 : table.length;
    if (length > MOST_ROWS) { onTrouble(`At most ${MOST_ROWS.toLocaleString()} rows are changed at a time. A longer table is taken in as a file.`, true); return; }
    const found = await rowsAt(marked.first, Math.min(marked.first + length, api.current.getDisplayedRowCount()) - 1);
    const wanted = found.flatMap((row, line) => names.flatMap((name, place) => {
      const each = textOf(line, place);
      return each === undefined ? [] : [{ row, column: known.get(name), text: pastedText(known.get(name), each) }];
    }));
    writeMany("paste", wanted, `Paste into ${count(wanted.length, "cell")}`);
    if (found.length < length) onTrouble(`${count(length - found.length, "line")} of what was pasted reached beyond the last row and ${length - found.length === 1 ? "was" : "were"} left out.`, true);
  };

  const copied = () => {
    const marked = range.bounds();
    if (picked.current?.size && !range.isMany) return copiedRows();
    if (!marked) return null;
    const lines = [];
    for (let i = marked.first; i <= marked.last; i += 1) {
      const row = api.current.getDisplayedRowAtIndex(i)?.data;
      if (row) lines.push(marked.columns.map((name) => copiedOf(known.get(name), standing(known.get(name), row))));
    }
    return writeTable(lines);
  };
  const copiedRows = () => {
    const names = range.ordered().filter((name) => known.has(name));
    return writeTable([names.map((name) => known.get(name).label), ...[...picked.current.values()].map((row) => names.map((name) => copiedOf(known.get(name), standing(known.get(name), row))))]);
  };

  const fill = async (emptied) => {
    const marked = range.bounds();
    if (!marked || (!emptied && marked.first === marked.last)) return;
    const found = await rowsAt(marked.first, marked.last);
    const wanted = marked.columns.flatMap((name) => found.slice(emptied ? 0 : 1).map((row) => ({ row, column: known.get(name), text: emptied ? "" : typedOf(known.get(name), standing(known.get(name), found[0])) })));
    const [only] = wanted;
    if (wanted.length === 1) { if (canWrite(only.column, only.row, isEditable)) write(only.row, only.column, only.text); return; }
    writeMany("paste", wanted, emptied ? `Emptying ${count(wanted.length, "cell")}` : `Filling ${count(wanted.length, "cell")} down`);
  };

  // ---- the new row ----
  const startNew = (name) => setTimeout(() => {
    if (!api.current?.getPinnedTopRow(0)) return;
    const first = name ?? range.ordered().find((each) => canWrite(known.get(each), { __new: true }, isEditable));
    if (!first) return;
    api.current.ensureColumnVisible(first);
    api.current.setFocusedCell(0, first, "top");
    api.current.startEditingCell({ rowIndex: 0, colKey: first, rowPinned: "top" });
  }, 60);
  const beginNew = () => {
    for (const set of own.refused.filter((each) => each.act === "new")) own.drop(set);
    const defaults = Object.fromEntries(columns.filter((each) => each.default).map((each) => [each.name, each.default]));
    setDraft({ ...defaults, id: "", __new: true, shown: {} });
    startNew();
  };
  const isTouched = () => Boolean(draft) && columns.some((each) => (draft[each.name] ?? "") !== (each.default ?? ""));
  const leaveNew = () => {
    for (const set of own.refused.filter((each) => each.act === "new")) own.drop(set);
    setDraft(null);
    setBubble(null);
    setTimeout(() => { const name = range.ordered()[0]; if (api.current?.getDisplayedRowCount() && name) api.current.setFocusedCell(0, name); }, 30);
  };
  const saveNew = () => {
    if (!draft || own.sent?.act === "new") return;
    for (const set of own.refused.filter((each) => each.act === "new")) own.drop(set);
    const cells = Object.fromEntries(columns.filter((each) => each.editable && (draft[each.name] ?? "") !== "").map((each) => [each.name, String(draft[each.name])]));
    const missing = columns.find((each) => each.required && each.editable && !cells[each.name]);
    if (missing) { setBubble({ key: "", name: missing.name, says: `${missing.label} is needed.` }); startNew(missing.name); return; }
    own.save("new", [{ key: "", version: 0, cells }], `new ${one} ${Object.values(cells)[0] ?? ""}`.trim());
  };

  // ---- what did not go through ----
  const latest = own.refused.at(-1) ?? null;
  const goTo = (problem) => {
    setListed(null);
    const node = problem.at_key ? api.current.getRowNode(problem.at_key) : null;
    const name = known.has(problem.column) ? problem.column : range.ordered()[0];
    if (!problem.at_key && draft) { startNew(name); return; }
    if (!node) { onTrouble(`${nameOf(null, problem.at_key)} is not in what is loaded here; narrow the filter to see it.`, true); return; }
    api.current.ensureIndexVisible(node.rowIndex);
    api.current.ensureColumnVisible(name);
    api.current.setFocusedCell(node.rowIndex, name);
  };
  const settle = {
    theirs: () => {
      const keys = [...new Set(own.stale(conflict.set).map((each) => each.at_key))];
      setConflict(null);
      own.without(conflict.set, keys);
      refetch(keys.filter(Boolean));
    },
    mine: () => {
      const versions = new Map([...conflict.facts].filter(([, each]) => each.now).map(([key, each]) => [key, Number(each.now.version ?? 0)]));
      for (const change of conflict.set.changes.values()) if (conflict.facts.get(change.key)?.now) change.row = conflict.facts.get(change.key).now;
      setConflict(null);
      own.over(conflict.set, versions);
    },
  };

  return {
    saves: own, said, setSaid, conflict, setConflict, listed, setListed, bubble, setBubble, draft, fresh, nameOf, refetch, cellOf, write, toggle, writeMany, paste, copied,
    copiedRows, fill, beginNew, leaveNew, saveNew, isTouched, startNew, latest, goTo, settle, compare,
  };
}
