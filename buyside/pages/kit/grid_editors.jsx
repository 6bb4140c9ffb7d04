// Editors of cells, and the fields of popovers: a list that is looked up while typing, closed lists of words, flags, long texts.
import { useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useGridCellEditor } from "ag-grid-react";
import { Floating } from "./grid_parts.jsx";

const LOOK_UP_WAIT = 120; // milliseconds of no typing
const kept = new Map(); // looked-up answers of this page: they change rarely, and an editor opens at once

// Codes and names of another sheet. An answer that comes late for another text is left to whoever asked for it.
export async function choicesOf(sheet, text) {
  const asked = `${sheet}?${text}`;
  const known = kept.get(asked);
  if (known && Date.now() - known.at < 60_000) return known.found;
  const answered = await fetch(`/api/choices/${sheet}?${new URLSearchParams({ text, limit: "20" })}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
  const body = await answered.json().catch(() => null);
  if (!answered.ok || !Array.isArray(body)) throw new Error(body?.says ?? "The list could not be looked up.");
  kept.set(asked, { at: Date.now(), found: body });
  if (kept.size > 300) kept.delete(kept.keys().next().value);
  return body;
}

const worded = (column) => Object.entries(column.words ?? {}).map(([value, [word]]) => [value, word]);
const fits = (pairs, text) => {
  const sought = text.trim().toLowerCase();
  return pairs.filter(([value, word]) => `${word}`.toLowerCase().includes(sought) || `${value}`.toLowerCase().includes(sought));
};

// What a column offers to choose from: a function of the typed text; null where anything may be written.
export function sourceOf(column, row) {
  if (column.refers) return { look: (text) => choicesOf(column.refers, text), isCode: true };
  if (column.words) return { look: async (text) => fits(worded(column), text), words: worded(column) };
  const pairs = column.choices_from ? row?.[column.choices_from] : column.choices;
  return pairs ? { look: async (text) => fits(pairs, text), words: pairs } : null;
}

const labelOf = (source, value) => source.words?.find(([each]) => each === value)?.[1] ?? value ?? "";

// A field with a list under it. `onValue` gets the value that stands there now, at each key; `onPick` one that was chosen for good.
export function Combobox({ source, value, label, onValue, onPick, autoFocus, startText, isCell, describedBy, placeholder, getInput }) {
  const input = useRef(null);
  const list = useRef(null);
  const id = useId();
  const [text, setText] = useState(startText ?? labelOf(source, value));
  const [isOpen, setOpen] = useState(Boolean(autoFocus && isCell));
  const [found, setFound] = useState([]);
  const [at, setAt] = useState(-1);
  const [says, setSays] = useState("");
  const now = useRef({});
  now.current = { text, found, at, isOpen };
  const isTyped = useRef(startText != null);

  useEffect(() => { if (autoFocus) { input.current.focus(); if (startText == null) input.current.select(); } getInput?.(input.current); }, []);
  useEffect(() => {
    if (!isOpen) return undefined;
    let isLate = false;
    const sought = isTyped.current ? text : "";
    const timer = setTimeout(async () => {
      try {
        const pairs = await source.look(sought);
        if (isLate) return;
        setFound(pairs);
        setSays(pairs.length ? "" : "Nothing is called like that.");
        const same = pairs.findIndex(([each, word]) => [`${each}`, `${word}`].some((one) => one.toLowerCase() === text.toLowerCase()));
        setAt(same >= 0 ? same : isTyped.current && text && pairs.length ? 0 : -1);
      } catch (error) { if (!isLate) { setFound([]); setSays(error.message); } }
    }, source.words ? 0 : LOOK_UP_WAIT);
    return () => { isLate = true; clearTimeout(timer); };
  }, [text, isOpen]);
  useEffect(() => { list.current?.querySelector("[aria-selected='true']")?.scrollIntoView({ block: "nearest" }); }, [at, found]);

  // What Enter or Tab takes: the marked entry; else the one that is called exactly so; else what was typed, for the server to judge.
  const meant = useCallback(() => {
    const { text: typed, found: pairs, at: place } = now.current;
    if (!isTyped.current && place < 0) return value ?? "";
    if (pairs[place]) return pairs[place][0];
    const all = source.words ?? pairs;
    return all.find(([each, word]) => [`${each}`, `${word}`].some((one) => one.toLowerCase() === typed.trim().toLowerCase()))?.[0] ?? typed.trim();
  }, [source, value]);

  const take = (pair) => {
    setText(source.isCode ? pair[0] : pair[1]);
    setOpen(false);
    now.current = { ...now.current, text: pair[1], at: -1 };
    onValue?.(pair[0]);
    onPick?.(pair[0], pair[1]);
  };
  const taking = useRef(take);
  taking.current = take;

  useEffect(() => { // the grid hears keys before React would: a listener of the field itself hears them before the grid
    const element = input.current;
    const pressed = (event) => {
      const { found: pairs, at: place, isOpen: shown } = now.current;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault(); event.stopPropagation();
        if (!shown) setOpen(true);
        else if (pairs.length) {
          const next = event.key === "ArrowDown" ? (place + 1) % pairs.length : (place <= 0 ? pairs.length : place) - 1;
          setAt(next);
          isTyped.current = true;
          onValue?.(pairs[next][0]);
        }
      } else if (event.key === "Enter" && !event.isComposing) {
        if (isCell) onValue?.(meant());
        else {
          event.preventDefault(); event.stopPropagation();
          if (pairs[place] && shown) taking.current(pairs[place]); else if (now.current.text.trim()) { setOpen(false); onPick?.(meant(), now.current.text); }
        }
      } else if (event.key === "Tab") onValue?.(meant());
      else if (event.key === "Escape" && shown && !isCell) { event.stopPropagation(); event.preventDefault(); setOpen(false); }
    };
    element.addEventListener("keydown", pressed);
    return () => element.removeEventListener("keydown", pressed);
  }, [meant, isCell]);

  return (
    <span className={isCell ? "combo in-cell" : "combo"}>
      <input ref={input} className={isCell ? undefined : "input"} type="text" role="combobox" aria-label={label} aria-autocomplete="list" aria-expanded={isOpen}
        aria-controls={isOpen ? `${id}-list` : undefined} aria-activedescendant={isOpen && at >= 0 && found[at] ? `${id}-${at}` : undefined}
        aria-describedby={describedBy} autoComplete="off" spellCheck={false} value={text} placeholder={placeholder} data-first={autoFocus ? true : undefined}
        onFocus={() => { if (!isCell) setOpen(true); }} onClick={() => setOpen(true)} onBlur={() => { if (!isCell) { setOpen(false); onValue?.(meant()); } }}
        onChange={(event) => { isTyped.current = true; setText(event.target.value); setOpen(true); setAt(-1); onValue?.(event.target.value); }} />
      {isOpen && (
        <Floating anchor={input.current} className="combo-list" floatRef={list} id={`${id}-list`} role="listbox" aria-label={label}
          onMouseDown={(event) => event.preventDefault()}>
          {found.map((pair, i) => (
            <div key={pair[0]} id={`${id}-${i}`} role="option" aria-selected={i === at} className="combo-entry" onClick={() => take(pair)}>
              {source.isCode ? <><b>{pair[0]}</b><span className="quiet clip">{pair[1]}</span></> : pair[1]}
            </div>
          ))}
          {!found.length && <div className="combo-none" role="option" aria-selected="false" aria-disabled="true">{says || "Looking…"}</div>}
        </Floating>
      )}
    </span>
  );
}

const startOf = (p) => (p.eventKey === "Backspace" || p.eventKey === "Delete" ? "" : p.eventKey?.length === 1 ? p.eventKey : null);

// A cell that takes a text or a number. What is typed stands, however late the grid says that the cell is to be focused:
// the grid's own editor marks everything then, and the next letter takes the place of the first ones.
export function TextEditor(p) {
  const { value, onValueChange, description, isFormatted, formatValue, eventKey } = p;
  const input = useRef(null);
  const isTyped = useRef(false);
  const start = useRef(null);
  start.current ??= startOf(p) ?? (isFormatted ? formatValue(value) : value) ?? "";
  const enter = useCallback(() => {
    const element = input.current;
    if (!element || (isTyped.current && document.activeElement === element)) return;
    element.focus({ preventScroll: true });
    if (isTyped.current || startOf(p) != null || eventKey === "F2") element.setSelectionRange(element.value.length, element.value.length); else element.select();
  }, []);
  useLayoutEffect(() => { if (startOf(p) != null) onValueChange(startOf(p)); enter(); }, []);
  useGridCellEditor({ focusIn: enter });
  const pressed = (event) => { if (event.key === "PageUp" || event.key === "PageDown") event.preventDefault(); };
  return <input ref={input} type="text" aria-label={description.label} maxLength={4000} autoComplete="off" defaultValue={String(start.current)} onKeyDown={pressed}
    onInput={(event) => { isTyped.current = true; onValueChange(event.target.value); }} />;
}

// A cell that takes one of a list.
export function ChoiceEditor(p) {
  const { value, onValueChange, api, description } = p;
  const start = startOf(p);
  const source = useRef(null);
  source.current ??= sourceOf(description, p.data);
  const input = useRef(null);
  useGridCellEditor({ focusIn: () => input.current?.focus() });
  return (
    <Combobox isCell autoFocus source={source.current} value={value ?? ""} startText={start} label={description.label} getInput={(each) => { input.current = each; }}
      onValue={(next) => onValueChange(next)} onPick={(next) => { onValueChange(next); setTimeout(() => api.stopEditing(), 0); }} />
  );
}

// A flag that is reached by Tab while editing; elsewhere Space turns it without an editor.
export function FlagEditor({ value, onValueChange, description }) {
  const box = useRef(null);
  const isOn = value === true || value === "true";
  useEffect(() => { box.current.focus(); }, []);
  useGridCellEditor({ focusIn: () => box.current?.focus() });
  return (
    <label className="flag-editor">
      <input ref={box} type="checkbox" checked={isOn} aria-label={description.label} onChange={() => onValueChange(isOn ? "false" : "true")} />{isOn ? "Yes" : "No"}
    </label>
  );
}

// A field for one value of a column outside the grid: in the bar that changes many rows, and in filters.
export function ValueField({ column, value, onValue, onEnter, label, autoFocus }) {
  const source = sourceOf(column, null);
  const entered = (event) => { if (event.key === "Enter" && onEnter) { event.preventDefault(); onEnter(); } };
  if (source?.words) {
    return (
      <select className="input" value={value} aria-label={label} data-first={autoFocus ? true : undefined} onChange={(event) => onValue(event.target.value)} onKeyDown={entered}>
        <option value="">Nothing</option>
        {source.words.map(([each, word]) => <option key={each} value={each}>{word}</option>)}
      </select>
    );
  }
  if (source) return <Combobox source={source} value={value} label={label} autoFocus={autoFocus} onValue={onValue} onPick={(next) => onValue(next)} placeholder="Code or name" />;
  const type = column.kind === "date" ? "date" : "text";
  return <input className="input" type={type} value={value} aria-label={label} data-first={autoFocus ? true : undefined} autoComplete="off"
    onChange={(event) => onValue(event.target.value)} onKeyDown={entered} />;
}
