// What is asked of the board: filters, order and columns of time as they stand in the address, and the pages that answer.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

const PAGE = 50;
const LONGEST = 200;
const KEPT = 40; // pages that are kept

export const VIEWS = [["short", "Short"], ["order", "To order"], ["late", "Late"], ["overdue", "Overdue supply"], ["made", "Made"], ["all", "All"]];
export const STEPS = [["day", "Days"], ["week", "Weeks"], ["month", "Months"]];
export const SORTS = [["short", "First shortage"], ["value", "Value to order"], ["code", "Item code"]];
const MEASURES = ["projected", "with_plan", "gross", "receipts", "shortage", "to_order", "planned"];
export const OPENING = { view: "short", by: "week", sort: "short", measure: "projected", from: "", text: "", vendor: "", group: "", place: "", planner: "" };
const WORDS = { view: VIEWS.map(([name]) => name), by: STEPS.map(([name]) => name), sort: SORTS.map(([name]) => name), measure: MEASURES };
export const FILTERS = ["text", "vendor", "group", "place", "planner"];

// What an address asks for; what means nothing here is left out.
export function fromAddress(search) {
  const given = new URLSearchParams(search);
  const wanted = { ...OPENING };
  if (given.get("item") && !given.get("view")) wanted.view = "all";
  for (const name of Object.keys(OPENING)) {
    const value = (given.get(name) ?? "").replaceAll("\0", "").slice(0, LONGEST);
    if (!value) continue;
    if (WORDS[name] ? WORDS[name].includes(value) : name !== "from" || (/^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)))) wanted[name] = value;
  }
  return wanted;
}

export function toAddress(location, wanted, panel) {
  const next = new URLSearchParams();
  const run = new URLSearchParams(location.search).get("run");
  if (run) next.set("run", run);
  for (const [name, value] of Object.entries(wanted)) if (value !== OPENING[name] || (name === "view" && panel.item)) next.set(name, value);
  for (const [name, value] of Object.entries(panel)) if (value) next.set(name, value);
  const query = next.toString();
  return location.pathname + (query ? `?${query}` : "");
}

export async function asked(path, query, signal) {
  const answered = await fetch(`/api/requirements${path}?${query}`, { credentials: "same-origin", headers: { Accept: "application/json" }, signal });
  if (answered.status === 401) { window.location.assign("/auth/sign-in"); throw new Error("signed out"); }
  const body = await answered.json().catch(() => ({}));
  if (!answered.ok) throw new Error(body.says ?? "The board could not be loaded.");
  return body;
}

export const queryOf = (run, wanted) => {
  const query = new URLSearchParams({ run });
  for (const name of ["view", "by", "sort", "from", ...FILTERS]) if (wanted[name]) query.set(name, wanted[name]);
  return query;
};

// Rows of what is wanted, a page at a time as they come into sight. Answers to another question are thrown away.
export function usePages(run, wanted, stamp) {
  const question = useMemo(() => queryOf(run, wanted).toString(), [run, wanted.view, wanted.by, wanted.sort, wanted.from, ...FILTERS.map((name) => wanted[name])]);
  const [answer, setAnswer] = useState({ head: null, pages: new Map(), round: 0 });
  const [trouble, setTrouble] = useState("");
  const pages = useRef({ question: "", ends: new Map(), on: new Set(), abort: null });

  const load = useCallback(async (number) => {
    const now = pages.current;
    if (now.on.has(number)) return;
    now.on.add(number);
    const query = new URLSearchParams(question);
    query.set("limit", PAGE);
    const end = now.ends.get(number);
    if (end) { query.set("after", end); query.set("counted", now.total); } else query.set("start", number * PAGE);
    try {
      const { rows, ...head } = await asked("", query, now.abort.signal);
      if (pages.current !== now) return;
      now.total = head.total;
      if (head.after) now.ends.set(number + 1, head.after);
      setTrouble("");
      setAnswer((before) => {
        const kept = new Map(before.question === question + stamp ? before.pages : []);
        kept.set(number, rows);
        if (kept.size > KEPT) { const far = [...kept.keys()].sort((a, b) => Math.abs(b - number) - Math.abs(a - number))[0]; kept.delete(far); now.on.delete(far); }
        return { head, pages: kept, question: question + stamp, round: before.round + 1 };
      });
    } catch (problem) {
      if (problem.name === "AbortError") return;
      now.on.delete(number);
      setTrouble(problem.message);
    }
  }, [question, stamp]);

  useEffect(() => {
    if (!run || run === "0") return undefined;
    pages.current.abort?.abort();
    pages.current = { question, ends: new Map(), on: new Set(), abort: new AbortController() };
    load(0);
    return () => pages.current.abort?.abort();
  }, [question, stamp, run]);

  const isFresh = answer.question === question + stamp;
  const rowAt = (number) => (isFresh ? answer.pages.get(Math.floor(number / PAGE))?.[number % PAGE] : undefined);
  const want = (first, last) => {
    if (!isFresh) return;
    for (let number = Math.floor(first / PAGE); number <= Math.floor(Math.max(first, last - 1) / PAGE); number += 1) if (!answer.pages.has(number) && number * PAGE < answer.head.total) load(number);
  };
  const again = () => { setTrouble(""); pages.current.on.clear(); load(0); };
  return { head: answer.head, isFresh, question, rowAt, want, trouble, again };
}
