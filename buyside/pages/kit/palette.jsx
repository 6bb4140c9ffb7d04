// Search and commands in one field: what the server found, pages by name, and what was opened last. The field keeps the focus;
// arrows move through the answers, Enter opens one, Ctrl-Enter opens it beside, Escape leaves.
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";

const MOST_RECENT = 5;
const MOST_PAGES = 7;
let recent = [];                                       // as long as this page lives: nothing is kept in the browser
const remember = (entry) => { recent = [entry, ...recent.filter((each) => each.path !== entry.path)].slice(0, MOST_RECENT); };
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const begins = (label, typed) => {
  const words = plain(label).split(/\s+/);
  return plain(typed).split(/\s+/).filter(Boolean).every((part) => words.some((word) => word.startsWith(part)));
};

const Glass = () => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" aria-hidden="true">
    <circle cx="11" cy="11" r="7" /><path d="m20 20-3.8-3.8" /></svg>
);

export function Palette({ label, pages, may, hits, sought, onFind }) {
  const [typed, setTyped] = useState("");
  const [isOpen, setIsOpen] = useState(false);
  const [at, setAt] = useState(0);
  const [opened, setOpened] = useState([]);
  const field = useRef(null);
  const list = useRef(null);
  const navigate = useNavigate();
  const id = useId();
  const asked = typed.trim().replace(/\s+/g, " ");
  const isCurrent = asked.length >= 2 && sought === asked;

  useEffect(() => {
    if (!isOpen) return undefined;
    const timer = setTimeout(() => onFind?.(asked), 90);
    return () => clearTimeout(timer);
  }, [asked, isOpen]);
  useEffect(() => {
    const onKey = (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        field.current?.focus();
        field.current?.select();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  // F6 goes from a list to the panel beside it and back: within a grid Tab goes from cell to cell.
  useEffect(() => {
    let from = null;
    const onKey = (event) => {
      const panel = event.key === "F6" && !event.ctrlKey && !event.metaKey && !event.altKey && document.querySelector(".split-panel");
      if (!panel || document.querySelector("[role=dialog], [role=alertdialog]")) return;
      event.preventDefault();
      if (panel.contains(document.activeElement)) {
        (from?.isConnected ? from : document.getElementById("content"))?.focus();
        return;
      }
      from = document.activeElement;
      (panel.querySelector(".panel-body") ?? panel).focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  const groups = useMemo(() => {
    const openable = (pages ?? []).filter((each) => (may ?? []).includes(each.permission));
    const named = asked ? openable.filter((each) => begins(each.label, asked)) : openable.filter((each) => each.keys);
    const found = isCurrent || (hits?.length && asked.startsWith(sought) && sought) ? hits ?? [] : [];
    const kinds = [...new Set(found.map((each) => each.kind))];
    const guess = found.length > 0 && found.every((each) => each.guess === "yes");
    const all = kinds.map((kind) => ({
      title: guess ? `${kind} · perhaps meant` : kind,
      entries: found.filter((each) => each.kind === kind).map((each) => ({ name: each.name, says: each.says, path: each.path })),
    }));
    const goTo = { title: "Go to", entries: named.slice(0, asked ? MOST_PAGES : openable.length).map((each) => ({ name: each.label, says: each.group, path: each.path, keys: each.keys })) };
    const last = { title: "Opened last", entries: asked ? [] : opened };
    const exact = asked && named.some((each) => plain(each.label).startsWith(plain(asked)));
    const ordered = exact && !found.some((each) => plain(each.name).startsWith(plain(asked))) ? [goTo, ...all] : [...all, last, goTo];
    return ordered.filter((each) => each.entries.length);
  }, [pages, may, hits, sought, asked, isCurrent, opened]);
  const entries = useMemo(() => groups.flatMap((each) => each.entries), [groups]);

  useEffect(() => setAt(0), [asked, entries.length]);
  useEffect(() => { list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }); }, [at]);

  const leave = () => { setIsOpen(false); setTyped(""); field.current?.blur(); };
  const open = (entry, isBeside) => {
    if (!entry) return;
    remember({ name: entry.name, says: entry.says, path: entry.path });
    if (isBeside) { window.open(entry.path, "_blank", "noopener"); return; }
    leave();
    navigate(entry.path);
  };
  const onKeyDown = (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (steps[event.key] && entries.length) {
      event.preventDefault();
      const next = at + steps[event.key];
      setAt(Math.abs(steps[event.key]) === 1 ? (next + entries.length) % entries.length : Math.max(0, Math.min(entries.length - 1, next)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      open(entries[at], event.ctrlKey || event.metaKey);
    } else if (event.key === "Escape") {
      event.preventDefault();
      leave();
    }
  };

  let place = -1;
  return (
    <div className="find" role="search">
      <Glass />
      <input
        ref={field} type="search" className="find-field" placeholder="Search" aria-label={label} autoComplete="off" spellCheck={false} value={typed} maxLength={80}
        role="combobox" aria-expanded={isOpen} aria-controls={`${id}-list`} aria-autocomplete="list" aria-keyshortcuts="/ Control+K"
        aria-activedescendant={isOpen && entries.length ? `${id}-${at}` : undefined}
        onFocus={() => { setOpened(recent); setIsOpen(true); }} onBlur={() => setIsOpen(false)}
        onChange={(event) => { setTyped(event.target.value); setIsOpen(true); }} onKeyDown={onKeyDown}
      />
      <kbd aria-hidden="true">/</kbd>
      {isOpen && (
        <div className="find-list" onMouseDown={(event) => event.preventDefault()}>
          <div id={`${id}-list`} ref={list} role="listbox" aria-label="Found">
            {groups.map((group) => (
              <div key={group.title} role="group" aria-label={group.title}>
                <div className="find-group" aria-hidden="true">{group.title}</div>
                {group.entries.map((entry) => {
                  place += 1;
                  const here = place;
                  return (
                    <div key={`${entry.path}-${here}`} id={`${id}-${here}`} role="option" aria-selected={here === at} className="find-hit"
                      onMouseMove={() => setAt(here)} onClick={(event) => open(entry, event.ctrlKey || event.metaKey)}>
                      <span className="find-name">{entry.name}</span>
                      <span className="find-more clip">{entry.says}</span>
                      {entry.keys && <span className="find-keys">g {entry.keys}</span>}
                    </div>
                  );
                })}
              </div>
            ))}
          </div>
          <p className="find-none" role="status">
            {asked.length >= 2 && !entries.length ? (isCurrent ? `Nothing found for “${asked}”.` : "Searching…") : ""}
            {asked.length < 2 && !asked ? "Type a code, a name or a vendor's part number." : ""}
          </p>
        </div>
      )}
    </div>
  );
}
