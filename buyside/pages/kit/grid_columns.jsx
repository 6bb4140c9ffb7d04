// How a column of the grid looks, reads and is edited, from its description.
import { useEffect, useRef } from "react";
import { ChoiceEditor, FlagEditor, TextEditor, sourceOf } from "./grid_editors.jsx";
import { Icon } from "./grid_parts.jsx";

export const NUMERIC = new Set(["number", "quantity", "money", "price", "percent"]);
const plainClick = (event) => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
export const filled = (template, row) => template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(row[name] ?? ""));
export const keyOf = (row) => (row?.__new ? "" : String(row?.id ?? ""));

// What stands in a cell: what was typed and is not saved yet, else what the server wrote for the reader.
const pendingOf = (p) => (p.data ? p.context.saves.cell(keyOf(p.data), p.colDef.field) : undefined);
const shown = (p) => {
  const pending = pendingOf(p);
  if (pending) return p.colDef.context?.words?.[pending.text]?.[0] ?? pending.text;
  return p.data?.shown?.[p.colDef.field] ?? p.value ?? "";
};
const valueOf = (p) => pendingOf(p)?.text ?? p.data?.[p.colDef.field];

// A kind of thing is a plain word; a status, where some words call for attention and others do not, has a shape and a colour.
const StatusCell = ({ value, words }) => {
  if (value == null || value === "") return null;
  const [word, tone] = words[value] ?? [`${value}`.charAt(0).toUpperCase() + `${value}`.slice(1).replaceAll("_", " "), "neutral"];
  const isKind = Object.values(words).every(([, each]) => each === "neutral");
  return isKind ? word : <span className="status" data-tone={tone}>{word}</span>;
};

const CoverageCell = ({ data, colDef, parts }) => {
  if (!data) return null;
  const numbers = parts.map(([name]) => Math.max(0, Number(data[name] ?? 0)));
  const whole = numbers.reduce((sum, each) => sum + each, 0);
  const said = parts.map(([name, word]) => `${word} ${data.shown?.[name] ?? data[name] ?? 0}`).join(", ");
  return (
    <span className="coverage" role="img" aria-label={`${colDef.headerName}: ${said}`} title={said}>
      {whole > 0 && parts.map(([name, , look], i) =>
        numbers[i] > 0 && <i key={name} className={look} style={{ width: `${(100 * numbers[i]) / whole}%` }} />)}
    </span>
  );
};

const UnitCell = (p) => {
  const text = shown(p);
  if (text !== "" && Number(p.value) === 0) return <span className="zero">0</span>;
  const unit = p.unit ?? p.data?.[p.unitFrom];
  return text === "" ? null : <>{text}{unit ? <span className="unit">{unit}</span> : null}</>;
};

const LinkCell = (p) => {
  const text = shown(p);
  if (text === "" || !p.data || p.data.__new) return text;
  const target = filled(p.href, p.data);
  return <a href={target} tabIndex={-1} onClick={(event) => {
    event.stopPropagation();
    if (plainClick(event)) { event.preventDefault(); p.context.navigate(target); }
  }}>{text}</a>;
};

// The name of a column, and the handle of its filter for the mouse; by keyboard there is Alt+Down, and "Filter" above the grid.
const Head = ({ displayName, description, context }) => {
  const handle = useRef(null);
  useEffect(() => {
    if (!handle.current) return undefined;
    const element = handle.current;
    const pressed = (event) => { event.stopPropagation(); context.openFilter(description.name, element); };
    element.addEventListener("click", pressed);
    return () => element.removeEventListener("click", pressed);
  }, []);
  return (
    <span className="head">
      <span className="head-text">{displayName}</span>
      {description.filterable && <span ref={handle} className="head-filter" aria-hidden="true" title={`Filter by ${displayName}`}><Icon name="funnel" /></span>}
    </span>
  );
};

// Placeholder of an empty cell in the row that is being made.
const NewCell = (p) => {
  const text = shown(p);
  if (text !== "" && text != null) return p.real ? <p.real {...p} {...p.realParams} /> : text;
  return p.writable ? <span className="new-hint">{p.description.label}{p.description.required ? " *" : ""}</span> : null;
};

export const canWrite = (column, row, isEditable) =>
  Boolean(isEditable && row && column.editable && (!column.fixed || row.__new) && (!column.editable_if || row.__new || row[column.editable_if] === true));

export function columnOf(column, layout, isEditable) {
  const numeric = NUMERIC.has(column.kind);
  const isFlag = column.kind === "flag";
  const kept = layout.columns.find((each) => each.name === column.name);
  const place = layout.sort.findIndex(([name]) => name === column.name);
  const sort = layout.sort.length ? (place < 0 ? "" : layout.sort[place][1]) : column.sort;
  const def = {
    field: column.name, colId: column.name, headerName: column.label, sortable: column.sortable, resizable: true, cellDataType: false,
    valueGetter: valueOf, valueFormatter: shown, headerTooltip: column.help || undefined, suppressHeaderMenuButton: true, minWidth: 56,
    headerClass: numeric ? "head-number" : undefined, initialSort: sort || undefined, initialSortIndex: sort ? (layout.sort.length ? place : column.sort_place ?? 0) : undefined,
    initialHide: kept ? kept.is_hidden : column.hidden, headerComponentParams: { innerHeaderComponent: Head, description: column },
    context: column, // so that whoever is handed a definition finds its description
    cellClassRules: {
      "cell-number": () => numeric,
      "cell-refused": (p) => p.data && (pendingOf(p)?.state === "refused" || p.context.marks.current.refused.has(`${p.data.id}|${column.name}`)),
      "cell-held": (p) => pendingOf(p)?.state === "held",
      "cell-saving": (p) => p.data && (pendingOf(p)?.state === "saving" || p.context.marks.current.saving.has(`${p.data.id}|${column.name}`)),
      "cell-ranged": (p) => p.data && p.context.isInRange(p),
    },
    tooltipValueGetter: (p) => {
      const pending = pendingOf(p);
      return pending?.says || p.context.marks.current.refused.get(`${p.data?.id}|${column.name}`) || undefined;
    },
  };
  if (kept?.width || column.width) def.initialWidth = kept?.width || column.width; else def.initialFlex = column.grow || 1;
  if (!column.width) def.minWidth = Math.min(column.least || 120, kept?.width || Infinity);
  const pinned = kept ? kept.pinned : column.pinned ? "left" : "";
  if (pinned) def.initialPinned = pinned;
  if (column.kind === "status" || isFlag) Object.assign(def, { cellRenderer: StatusCell, cellRendererParams: { words: column.words } });
  else if (column.kind === "coverage") Object.assign(def, { cellRenderer: CoverageCell, cellRendererParams: { parts: column.parts }, sortable: false });
  else if (column.href) Object.assign(def, { cellRenderer: LinkCell, cellRendererParams: { href: column.href } });
  else if (column.unit || column.unit_from) Object.assign(def, { cellRenderer: UnitCell, cellRendererParams: { unit: column.unit, unitFrom: column.unit_from } });
  const { cellRenderer: real, cellRendererParams: realParams } = def;
  def.cellRendererSelector = (p) => (p.data?.__new
    ? { component: NewCell, params: { real, realParams, description: column, writable: canWrite(column, p.data, isEditable) } } : real ? { component: real, params: realParams } : undefined);
  if (column.editable) {
    const allowed = (p) => canWrite(column, p.data, isEditable);
    def.editable = allowed;
    def.cellClassRules["cell-editable"] = allowed;
    if (isFlag) Object.assign(def, { cellEditor: FlagEditor, cellEditorParams: { description: column } });
    else if (column.refers || column.words || column.choices || column.choices_from) {
      def.cellEditor = ChoiceEditor;
      def.cellEditorParams = { description: column };
    } else if (column.kind === "date") def.cellEditor = "agDateStringCellEditor";
    else if (column.long) Object.assign(def, { cellEditor: "agLargeTextCellEditor", cellEditorPopup: true, cellEditorParams: { maxLength: 4000, rows: 5, cols: 50 } });
    else Object.assign(def, { cellEditor: TextEditor, cellEditorParams: { description: column, isFormatted: numeric } });
  }
  return def;
}

// Columns in the order of a kept layout; those that it does not know follow.
export const inOrder = (columns, layout) => {
  const places = new Map(layout.columns.map((each, i) => [each.name, i]));
  return [...columns].sort((a, b) => (places.get(a.name) ?? Infinity) - (places.get(b.name) ?? Infinity) || columns.indexOf(a) - columns.indexOf(b));
};

// What a person reads in a cell of a row, outside the grid as well.
export function textIn(column, row) {
  const value = row?.[column.name];
  const word = column.words?.[value]?.[0] ?? sourceOf(column, row)?.words?.find(([each]) => each === value)?.[1];
  return word ?? row?.shown?.[column.name] ?? (value == null ? "" : String(value));
}
