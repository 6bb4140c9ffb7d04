// The one grid of Buyside: AG Grid Community over rows that the server pages, sorts and filters.
// Rows carry raw values for keys and edits, and `shown` texts that the server wrote in the reader's locale.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import {
  CellStyleModule, ColumnApiModule, ColumnAutoSizeModule, CustomFilterModule, DateEditorModule, DateFilterModule, EventApiModule,
  InfiniteRowModelModule, ModuleRegistry, NumberFilterModule, RenderApiModule, RowApiModule, RowSelectionModule,
  RowStyleModule, ScrollApiModule, SelectEditorModule, TextEditorModule, TextFilterModule, TooltipModule, themeQuartz,
} from "ag-grid-community";
import { AgGridReact, useGridFilter } from "ag-grid-react";

ModuleRegistry.registerModules([
  CellStyleModule, ColumnApiModule, ColumnAutoSizeModule, CustomFilterModule, DateEditorModule, DateFilterModule, EventApiModule,
  InfiniteRowModelModule, NumberFilterModule, RenderApiModule, RowApiModule, RowSelectionModule, RowStyleModule,
  ScrollApiModule, SelectEditorModule, TextEditorModule, TextFilterModule, TooltipModule,
]);

const look = themeQuartz.withParams({
  backgroundColor: "var(--color-panel-solid)", foregroundColor: "var(--gray-12)", textColor: "var(--gray-12)",
  borderColor: "var(--gray-5)", accentColor: "var(--accent-9)", fontFamily: "inherit", fontSize: 13, spacing: 6,
  rowHeight: 30, headerHeight: 32, cellHorizontalPadding: 12, headerBackgroundColor: "var(--gray-2)",
  headerTextColor: "var(--gray-11)", headerFontSize: 12, headerFontWeight: 500, rowHoverColor: "var(--gray-a3)",
  selectedRowBackgroundColor: "var(--accent-a3)", wrapperBorder: false, wrapperBorderRadius: 0, columnBorder: false,
  headerColumnBorder: false, headerColumnResizeHandleColor: "var(--gray-6)", iconSize: 14, menuBackgroundColor: "var(--color-panel-solid)",
  inputHeight: 28, checkboxBorderRadius: 3,
});

const NUMERIC = new Set(["number", "quantity", "money", "price", "percent"]);
const DATED = new Set(["date", "instant"]);
const shown = (p) => p.data?.shown?.[p.colDef.field] ?? p.value ?? "";
const filled = (template, row) =>
  template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(row[name] ?? ""));
const plainClick = (event) => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;

function PickFilter({ model, onModelChange, words }) {
  useGridFilter({ doesFilterPass: () => true });
  const chosen = new Set(model?.values ?? []);
  const toggle = (value) => {
    chosen.has(value) ? chosen.delete(value) : chosen.add(value);
    onModelChange(chosen.size ? { filterType: "set", type: "in", values: [...chosen] } : null);
  };
  return (
    <div className="pick-list" role="group">
      {Object.entries(words).map(([value, [word]]) => (
        <label key={value}><input type="checkbox" checked={chosen.has(value)} onChange={() => toggle(value)} />{word}</label>
      ))}
    </div>
  );
}

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
  if (text === "" || !p.data) return text;
  const target = filled(p.href, p.data);
  return <a href={target} tabIndex={-1} onClick={(event) => {
    event.stopPropagation();
    if (plainClick(event)) { event.preventDefault(); p.context.navigate(target); }
  }}>{text}</a>;
};

function columnOf(column, marks) {
  const numeric = NUMERIC.has(column.kind);
  const def = {
    field: column.name, colId: column.name, headerName: column.label, sortable: column.sortable, resizable: true,
    valueFormatter: shown, headerTooltip: column.help || undefined, suppressHeaderMenuButton: true, minWidth: 56,
    headerClass: numeric ? "head-number" : undefined, initialSort: column.sort || undefined, initialSortIndex: column.sort ? (column.sort_place ?? 0) : undefined, initialHide: column.hidden,
    cellClassRules: {
      "cell-number": () => numeric,
      "cell-refused": (p) => p.data && marks.current.refused.has(`${p.data.id}|${column.name}`),
      "cell-saving": (p) => p.data && marks.current.saving.has(`${p.data.id}|${column.name}`),
    },
    tooltipValueGetter: (p) => marks.current.refused.get(`${p.data?.id}|${column.name}`) ?? undefined,
  };
  if (column.width) def.initialWidth = column.width; else def.initialFlex = column.grow || 1;
  if (!column.width) def.minWidth = column.least || 120;
  if (column.pinned) def.pinned = "left";
  if (column.filterable) {
    if (column.words) Object.assign(def, { filter: PickFilter, filterParams: { words: column.words } });
    else if (numeric) Object.assign(def, { filter: "agNumberColumnFilter", filterParams: { maxNumConditions: 1 } });
    else if (DATED.has(column.kind)) Object.assign(def, { filter: "agDateColumnFilter", filterParams: { maxNumConditions: 1 } });
    else Object.assign(def, { filter: "agTextColumnFilter", filterParams: { maxNumConditions: 1, debounceMs: 300 } });
  }
  if (column.kind === "status" || column.kind === "flag") Object.assign(def, { cellRenderer: StatusCell, cellRendererParams: { words: column.words } });
  else if (column.kind === "coverage") Object.assign(def, { cellRenderer: CoverageCell, cellRendererParams: { parts: column.parts }, sortable: false, filter: false });
  else if (column.href) Object.assign(def, { cellRenderer: LinkCell, cellRendererParams: { href: column.href } });
  else if (column.unit || column.unit_from) Object.assign(def, { cellRenderer: UnitCell, cellRendererParams: { unit: column.unit, unitFrom: column.unit_from } });
  if (column.editable) {
    const allowed = (p) => Boolean(p.data) && (!column.editable_if || p.data[column.editable_if] === true);
    def.editable = allowed;
    def.cellClassRules["cell-editable"] = allowed;
    if (column.choices || column.choices_from) {
      const pairs = (p) => (column.choices_from ? p.data[column.choices_from] : column.choices) ?? [];
      def.cellEditor = "agSelectCellEditor";
      def.cellEditorParams = (p) => ({ values: pairs(p).map(([value]) => value),
        formatValue: (value) => (pairs(p).find(([each]) => each === value) ?? [value, value])[1] });
    } else if (column.kind === "date") def.cellEditor = "agDateStringCellEditor";
    else Object.assign(def, { cellEditor: "agTextCellEditor", cellEditorParams: { useFormatter: numeric } });
  }
  return def;
}

const Glass = () => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" aria-hidden="true">
    <circle cx="11" cy="11" r="7" /><path d="m20 20-3.8-3.8" /></svg>
);

const Tray = () => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
    <path d="M12 4v11m0 0-4-4m4 4 4-4M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3" /></svg>
);

export function ServerGrid(props) {
  const { url, label, noun, columns, views, scope, changed, answer, chosen, rowHref, selectable, quickHint, emptyTitle,
    emptySays, canExport, onOpen, onEdit, onSelect, children } = props;
  const api = useRef(null);
  const marks = useRef({ refused: new Map(), saving: new Set() });
  const navigate = useNavigate();
  const [view, setView] = useState(views?.[0]?.key ?? "");
  const [typed, setTyped] = useState("");
  const [quick, setQuick] = useState("");
  const [total, setTotal] = useState(null);
  const [trouble, setTrouble] = useState("");
  const [refusal, setRefusal] = useState("");
  const [filters, setFilters] = useState(0);
  const columnsText = JSON.stringify(columns);
  const viewsText = JSON.stringify(views ?? []);
  const scopeText = JSON.stringify(scope ?? {});
  const chosenRef = useRef("");
  const ends = useRef(new Map());

  useEffect(() => { const timer = setTimeout(() => setQuick(typed.trim()), 220); return () => clearTimeout(timer); }, [typed]);

  const asked = useCallback((sort, filter) => new URLSearchParams({
    sort: JSON.stringify(sort.map(({ colId, sort: direction }) => ({ colId, sort: direction }))),
    filter: JSON.stringify({ ...(views?.find((each) => each.key === view)?.filter ?? {}), ...filter }),
    quick, scope: scopeText,
  }), [viewsText, view, quick, scopeText]);

  const fetchJson = useCallback(async (query) => {
    const answered = await fetch(`${url}?${query}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (answered.status === 401) { window.location.assign("/auth/sign-in"); throw new Error("signed out"); }
    const body = await answered.json().catch(() => ({}));
    if (!answered.ok) throw new Error(body.says ?? "The list could not be loaded.");
    return body;
  }, [url]);

  const datasource = useMemo(() => ({
    getRows: async (p) => {
      const query = asked(p.sortModel, p.filterModel);
      const ordering = query.toString();
      if (ends.current.ordering !== ordering) { ends.current = new Map(); ends.current.ordering = ordering; }
      query.set("start", p.startRow);
      query.set("end", p.endRow);
      const after = ends.current.get(p.startRow);
      if (after) query.set("after", after);
      try {
        const got = await fetchJson(query);
        if (got.after) ends.current.set(p.endRow, got.after);
        setTrouble("");
        setTotal({ shown: got.total, text: got.total_text });
        p.successCallback(got.rows, got.total);
      } catch (error) {
        setTrouble(error.message);
        p.failCallback();
      }
    },
  }), [asked, fetchJson]);

  const refetch = useCallback(async (ids) => {
    if (!ids.length || !api.current) return;
    const query = new URLSearchParams({ ids: ids.join(","), scope: scopeText });
    try {
      const got = await fetchJson(query);
      const fresh = new Map(got.rows.map((row) => [String(row.id), row]));
      for (const id of ids) {
        const node = api.current.getRowNode(id);
        if (node && fresh.has(id)) node.setData(fresh.get(id));
      }
      if (ids.some((id) => !fresh.has(id))) api.current.refreshInfiniteCache();
    } catch (error) { setTrouble(error.message); }
  }, [fetchJson, scopeText]);

  useEffect(() => {                                                    // "serial:id,id" or "serial:*"
    if (!changed || !api.current) return;
    const ids = changed.slice(changed.indexOf(":") + 1);
    if (ids === "*") { ends.current = new Map(); api.current.refreshInfiniteCache(); } else refetch(ids.split(",").filter(Boolean));
  }, [changed]);

  useEffect(() => {                                                    // what the server said of an edited cell
    if (!answer?.id) return;
    const cell = `${answer.id}|${answer.field}`;
    marks.current.saving.delete(cell);
    if (answer.says) { marks.current.refused.set(cell, answer.says); setRefusal(answer.says); }
    else if (marks.current.refused.delete(cell) || !marks.current.refused.size) setRefusal("");
    refetch([String(answer.id)]).then(() => api.current?.refreshCells({ rowNodes: [api.current.getRowNode(String(answer.id))].filter(Boolean), force: true }));
  }, [answer?.serial]);

  useEffect(() => { chosenRef.current = String(chosen ?? ""); api.current?.redrawRows(); }, [chosen]);

  const open = useCallback((row) => {
    if (!row) return;
    if (rowHref) navigate(filled(rowHref, row)); else onOpen?.(String(row.id));
  }, [rowHref, navigate, onOpen]);
  const opens = Boolean(rowHref || onOpen);

  const defs = useMemo(() => columns.map((column) => columnOf(column, marks)), [columnsText]);
  const exportUrl = () => {
    const sort = api.current?.getColumnState().filter((c) => c.sort).sort((a, b) => a.sortIndex - b.sortIndex) ?? [];
    return `${url}.csv?${asked(sort, api.current?.getFilterModel() ?? {})}`;
  };
  const narrowed = Boolean(quick || filters || (views?.length && view !== views[0].key));

  return (
    <div className={opens ? "rows opens" : "rows"}>
      <div className="rows-bar">
        {views?.length > 0 && (
          <div className="rows-views" role="group" aria-label={`Views of ${label}`}>
            {views.map((each) => (
              <button key={each.key} type="button" className="rows-view" aria-pressed={each.key === view} onClick={() => setView(each.key)}>{each.label}</button>
            ))}
          </div>
        )}
        <div className="rows-quick"><Glass />
          <input className="input" type="search" value={typed} placeholder={quickHint} aria-label={`${quickHint} in ${label}`} onChange={(event) => setTyped(event.target.value)} />
        </div>
        {filters > 0 && <button type="button" className="button plain" onClick={() => api.current?.setFilterModel(null)}>Clear {filters === 1 ? "filter" : `${filters} filters`}</button>}
        <span className="rows-count" role="status">{total ? `${total.text} ${noun}` : ""}</span>
        {canExport && <button type="button" className="button plain square" aria-label="Export CSV" title="Export these rows as CSV" onClick={() => window.location.assign(exportUrl())}><Tray /></button>}
        {children && <div className="rows-actions">{children}</div>}
      </div>
      {refusal && <div className="rows-refused" role="alert">Not saved: {refusal}<button type="button" className="button plain" onClick={() => {
        marks.current.refused.clear(); setRefusal(""); api.current?.refreshCells({ force: true }); }}>Dismiss</button></div>}
      {trouble && <div className="rows-refused" role="alert">{trouble}<button type="button" className="button plain" onClick={() => { setTrouble(""); api.current?.refreshInfiniteCache(); }}>Try again</button></div>}
      <div className="rows-body" role="region" aria-label={label}>
        {total?.shown === 0 && (
          <div className="rows-empty"><div className="empty">
            <p className="empty-title">{narrowed ? `No ${noun} match` : emptyTitle}</p>
            <p className="empty-says">{narrowed ? "Change or clear the filter to see more." : emptySays}</p>
            {narrowed && <button type="button" className="button" onClick={() => { setTyped(""); setQuick(""); setView(views?.[0]?.key ?? ""); api.current?.setFilterModel(null); }}>Show all</button>}
          </div></div>
        )}
        <AgGridReact
          theme={look} columnDefs={defs} rowModelType="infinite" datasource={datasource} cacheBlockSize={100} maxBlocksInCache={20}
          infiniteInitialRowCount={18} maxConcurrentDatasourceRequests={2} blockLoadDebounceMillis={40}
          getRowId={(p) => String(p.data.id)} context={{ navigate }} suppressCellFocus={false} animateRows={false} enableCellTextSelection
          suppressNoRowsOverlay suppressDragLeaveHidesColumns tooltipShowDelay={300} stopEditingWhenCellsLoseFocus
          rowSelection={selectable ? { mode: "multiRow", headerCheckbox: false, enableClickSelection: false } : undefined}
          selectionColumnDef={{ pinned: "left", width: 40, headerName: "Chosen", headerClass: "head-unseen" }}
          rowClassRules={{ "row-open": (p) => p.data && String(p.data.id) === chosenRef.current, "row-waiting": (p) => !p.data }}
          onGridReady={(event) => { api.current = event.api; }}
          onFilterChanged={(event) => setFilters(Object.keys(event.api.getFilterModel()).length)}
          onSelectionChanged={(event) => onSelect?.(event.api.getSelectedNodes().map((node) => node.id))}
          onCellClicked={(event) => {
            if (!opens || !event.data || event.column?.getColDef().editable?.(event) || window.getSelection()?.toString()) return;
            if (event.column?.getColId().startsWith("ag-Grid-")) return;
            open(event.data);
          }}
          onCellKeyDown={(event) => {
            if (event.event.key !== "Enter" || !opens || event.column.getColDef().editable?.(event)) return;
            open(event.data);
          }}
          onCellValueChanged={(event) => {
            if (event.source === "rowDataUpdated" || event.oldValue === event.newValue) return;
            const cell = `${event.data.id}|${event.colDef.field}`;
            marks.current.refused.delete(cell);
            marks.current.saving.add(cell);
            event.api.refreshCells({ rowNodes: [event.node], force: true });
            onEdit?.({ id: String(event.data.id), version: Number(event.data.version ?? 0), field: event.colDef.field, value: event.newValue == null ? "" : String(event.newValue) });
          }}
        />
      </div>
    </div>
  );
}
