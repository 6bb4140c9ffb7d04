// What the planning board shows, fetched from the server: columns with their counts and sums, and of their cards only the pages in sight.
// A page goes on behind the last card of the page before it; only one that is jumped to is counted from the top.
import { useCallback, useEffect, useRef, useState } from "react";

export const PAGE = 50;
const WAIT = 150;             // milliseconds without a key before a filter is asked for
export const FILTERS = ["vendor", "group", "planner", "late", "drifted", "text"];

export function fromAddress() {
  const parameters = new URLSearchParams(window.location.search);
  const filters = Object.fromEntries(FILTERS.map((name) => [name, (parameters.get(name) ?? "").slice(0, 200)]));
  return { by: parameters.get("by") === "weeks" ? "weeks" : "vendors", filters };
}

export function toAddress(run, by, filters) {
  const parameters = new URLSearchParams(window.location.search);
  const wanted = { run: String(run), by: by === "vendors" ? "" : by, ...filters };
  for (const [name, value] of Object.entries(wanted)) if (value) parameters.set(name, value); else parameters.delete(name);
  const text = parameters.toString();
  const path = window.location.pathname + (text ? `?${text}` : "");
  if (path !== window.location.pathname + window.location.search) window.history.replaceState(window.history.state, "", path);
}

export async function fetched(what, parameters, signal) {
  const filled = Object.entries(parameters).filter(([, value]) => value !== "" && value != null);
  const answer = await fetch(`/api/plan-board/${what}?${new URLSearchParams(filled)}`, { credentials: "same-origin", signal });
  if (answer.status === 401) { window.location.reload(); return null; }
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.says ?? "The board could not be read.");
  return told;
}

// Columns that a move has emptied stay where they were, so that nothing jumps under the pointer.
function merged(known, fresh, by) {
  const keys = new Set(fresh.map((each) => each.key));
  const emptied = known.filter((each) => !keys.has(each.key)).map((each) => ({ ...each, lines: 0, lines_text: "0", late: 0, drifted: 0, unpriced: 0, total: "–", says: by === "weeks" ? each.says : "", tone: "neutral" }));
  if (!emptied.length) return fresh;
  const rank = (each) => (by === "weeks" ? each.key : `${each.key === "0" ? 0 : 1}${each.title.toLowerCase()}`);
  return [...fresh, ...emptied].sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
}

const empty = () => ({ total: 0, pages: new Map(), ends: new Map(), asked: new Set() });

export function useBoard(run, by, filters) {
  const [columns, setColumns] = useState(null);       // null: not read yet
  const [choices, setChoices] = useState({ vendors: [], groups: [], planners: [] });
  const [problem, setProblem] = useState("");
  const [stamp, setStamp] = useState(0);              // changes when every card is to be read anew
  const [, setTick] = useState(0);
  const cards = useRef(new Map());                    // by column: { total, pages: Map of page to cards, ends: Map of page to where the next goes on, asked: Set of pages }
  const epoch = useRef(0);                            // answers to what was asked before a change are left out
  const asked = { run, by, ...filters };
  const question = JSON.stringify(asked);
  const now = useRef(asked);
  now.current = asked;

  const readColumns = useCallback(async (keepEmpty) => {
    const mine = epoch.current;
    try {
      const told = await fetched("columns", now.current);
      if (!told || mine !== epoch.current) return;
      setProblem("");
      setChoices(told.choices);
      if (!keepEmpty) { cards.current = new Map(); setStamp((count) => count + 1); }
      setColumns((known) => (keepEmpty && known ? merged(known, told.columns, now.current.by) : told.columns));
    } catch (error) { if (mine === epoch.current) setProblem(error.message); }
  }, []);

  const readPage = useCallback(async (column, page) => {
    const mine = epoch.current;
    const after = cards.current.get(column)?.ends.get(page - 1);
    const told = await fetched("cards", { ...now.current, column, limit: PAGE, ...(after ? { after } : { start: page * PAGE }) });
    if (!told || mine !== epoch.current) return;
    const kept = cards.current.get(column) ?? empty();
    kept.total = told.total;
    kept.pages.set(page, told.cards);
    kept.ends.set(page, told.after);
    kept.asked.add(page);
    cards.current.set(column, kept);
    setTick((count) => count + 1);
  }, []);

  useEffect(() => { setColumns(null); }, [run, by]);
  useEffect(() => {                                   // what was found before stays in sight until the next is there
    epoch.current += 1;
    if (!run) return undefined;
    const timer = setTimeout(() => readColumns(false), filters.text ? WAIT : 0);
    return () => clearTimeout(timer);
  }, [question, run, readColumns]);

  // Pages of a column that are in sight and not there yet.
  const need = useCallback((column, from, to) => {
    let kept = cards.current.get(column);
    if (!kept) { kept = empty(); cards.current.set(column, kept); }
    for (let page = Math.floor(from / PAGE); page <= Math.floor(Math.max(from, to - 1) / PAGE); page += 1) {
      if (kept.asked.has(page)) continue;
      kept.asked.add(page);
      readPage(column, page).catch((error) => { kept.asked.delete(page); setProblem(error.message); });
    }
  }, [readPage]);

  // What moved is read again: columns, and the pages that stand; what stands meanwhile stays.
  const refresh = useCallback(async (keys) => {
    const wanted = (keys ?? [...cards.current.keys()]).filter((key) => cards.current.has(key));
    const again = async (key) => {                    // one after the other: each begins where the one before it ends now
      const kept = cards.current.get(key);
      kept?.ends.clear();
      for (const page of [...(kept?.pages.keys() ?? [])].sort((one, other) => one - other)) await readPage(key, page);
    };
    try { await Promise.all([readColumns(true), ...wanted.map(again)]); } catch (error) { setProblem(error.message); }
    for (const key of wanted) {                       // pages beyond the new end are gone
      const kept = cards.current.get(key);
      for (const page of kept?.pages.keys() ?? []) if (page * PAGE >= Math.max(1, kept.total)) { kept.pages.delete(page); kept.ends.delete(page); kept.asked.delete(page); }
    }
    setTick((count) => count + 1);
  }, [readColumns, readPage]);

  const cardAt = useCallback((column, index) => cards.current.get(column)?.pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null, []);
  return { columns, choices, problem, stamp, need, refresh, cardAt };
}
