// The menus above the grid: which columns, which view, which file.
import { useRef, useState } from "react";
import { Icon, Menu } from "./grid_parts.jsx";

const heldBy = (api, name) => api.getColumnState().find((each) => each.colId === name);
const isOurs = (each) => !each.colId.startsWith("ag-Grid-");

// The order, widths, pins of the columns as they are now, for a view to keep.
export const layoutOf = (api) => api.getColumnState().filter(isOurs).map((each) => ({
  name: each.colId, width: each.flex ? 0 : Math.round(each.width ?? 0), is_hidden: Boolean(each.hide), pinned: each.pinned === "right" ? "right" : each.pinned ? "left" : "",
}));

const WIDER = 24; // pixels of one press

function ColumnList({ api, columns, onReset }) {
  const [, setRound] = useState(0);
  const list = useRef(null);
  const labels = new Map(columns.map((each) => [each.name, each.label]));
  const states = api.getColumnState().filter((each) => isOurs(each) && labels.has(each.colId));
  const done = () => setRound((round) => round + 1);
  const move = (name, by) => {
    const order = states.map((each) => each.colId);
    const from = order.indexOf(name);
    const to = from + by;
    if (to < 0 || to >= order.length) return;
    order.splice(to, 0, ...order.splice(from, 1));
    api.applyColumnState({ state: order.map((colId) => ({ colId })), applyOrder: true });
    done();
    requestAnimationFrame(() => list.current?.querySelector(`[data-column="${CSS.escape(name)}"] [data-move="${by}"]`)?.focus());
  };
  const pin = (name) => { api.setColumnsPinned([name], heldBy(api, name)?.pinned ? null : "left"); done(); };
  const widen = (name, by) => {
    api.setColumnWidths([{ key: name, newWidth: Math.max(56, Math.round(api.getColumn(name).getActualWidth()) + by) }]);
    done();
  };
  return (
    <div className="column-list" ref={list}>
      <ul className="menu-scroll">
        {states.map((each, i) => {
          const label = labels.get(each.colId);
          return (
            <li key={each.colId} data-column={each.colId} className="column-row" onKeyDown={(event) => {
              if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) { event.preventDefault(); move(each.colId, event.key === "ArrowUp" ? -1 : 1); }
              if (event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) { event.preventDefault(); widen(each.colId, event.key === "ArrowLeft" ? -WIDER : WIDER); }
            }}>
              <label className="clip"><input type="checkbox" checked={!each.hide} data-first={i === 0 ? true : undefined}
                onChange={() => { api.setColumnsVisible([each.colId], Boolean(each.hide)); done(); }} />{label}</label>
              <button type="button" aria-label={`Pin ${label}`} aria-pressed={Boolean(each.pinned)} title="Keep in sight while scrolling sideways" onClick={() => pin(each.colId)}><Icon name="pin" /></button>
              <button type="button" aria-label={`Narrower ${label}`} title="Narrower" disabled={each.hide} onClick={() => widen(each.colId, -WIDER)}>−</button>
              <button type="button" aria-label={`Wider ${label}`} title="Wider" disabled={each.hide} onClick={() => widen(each.colId, WIDER)}>+</button>
              <button type="button" data-move="-1" aria-label={`Move ${label} forward`} title="Further left" aria-disabled={i === 0} onClick={() => move(each.colId, -1)}><Icon name="up" /></button>
              <button type="button" data-move="1" aria-label={`Move ${label} back`} title="Further right" aria-disabled={i === states.length - 1} onClick={() => move(each.colId, 1)}><Icon name="down" /></button>
            </li>
          );
        })}
      </ul>
      <div className="popover-foot"><button type="button" className="button plain" onClick={() => { onReset(); done(); }}>As the page has them</button></div>
    </div>
  );
}

export const ColumnsMenu = ({ api, columns, onReset }) => (
  <Menu name="Columns" icon="columns" className="wide" title="Show, hide, move, pin and size columns">
    {() => api.current && <ColumnList api={api.current} columns={columns} onReset={onReset} />}
  </Menu>
);

// Views that a person keeps. `current` is the one that is shown; `isChanged` when the grid no longer is as it says.
export function ViewsMenu({ saved, current, isChanged, onOpen, onKeep, onForget }) {
  const [name, setName] = useState("");
  const kept = saved ?? [];
  const keep = (close, called, isFirst) => { onKeep(called, isFirst); setName(""); close(); };
  return (
    <Menu name="Your views" icon="views" text={current ? `${current.name}${isChanged ? " · changed" : ""}` : "Your views"} className="wide" title="Views that you keep: filters, order and columns">
      {(close) => {
        const wanted = name.trim();
        const same = kept.find((each) => each.name.toLowerCase() === wanted.toLowerCase());
        return (
          <>
            {kept.length > 0 && (
              <ul className="menu-scroll">
                {kept.map((each) => (
                  <li key={each.id} className="column-row">
                    <button type="button" className="menu-entry clip" aria-current={each.id === current?.id ? "true" : undefined} onClick={() => { onOpen(each); close(); }}>{each.name}</button>
                    <button type="button" aria-label={`Open with ${each.name}`} aria-pressed={each.is_first} title="The list opens with this view" onClick={() => onKeep(each.name, !each.is_first, each.content)}><Icon name="star" /></button>
                    <button type="button" aria-label={`Forget ${each.name}`} title="Forget this view" onClick={() => onForget(each)}><Icon name="cross" /></button>
                  </li>
                ))}
              </ul>
            )}
            {current && isChanged && (
              <div className="popover-foot"><button type="button" className="button" onClick={() => keep(close, current.name, current.is_first)}>Keep the changes to “{current.name}”</button></div>
            )}
            <form className="keep-view" onSubmit={(event) => { event.preventDefault(); if (wanted) keep(close, wanted, same?.is_first ?? false); }}>
              <input className="input" type="text" value={name} maxLength={80} placeholder="Name of a new view" aria-label="Name of a new view" autoComplete="off" data-first={kept.length ? undefined : true}
                onChange={(event) => setName(event.target.value)} />
              <button type="submit" className="button" disabled={!wanted}>{same ? "Replace" : "Keep"}</button>
            </form>
            {!kept.length && <p className="popover-says">A view keeps the filters, the order and the columns as they are now.</p>}
          </>
        );
      }}
    </Menu>
  );
}

export function FileMenu({ hasExcel, canExport, importHref, fileAddress, navigate, total, noun }) {
  if (!importHref && !hasExcel) {
    return <button type="button" className="button plain square" aria-label="Export CSV" title="Export these rows as CSV" onClick={() => window.location.assign(fileAddress("csv"))}><Icon name="tray" /></button>;
  }
  return (
    <Menu name="File" icon="tray" text="File" title="Files of these rows">
      {(close) => (
        <div className="menu-list">
          {canExport && <button type="button" data-first className="menu-entry" onClick={() => { window.location.assign(fileAddress("csv")); close(); }}>Export CSV</button>}
          {canExport && hasExcel && <button type="button" className="menu-entry" onClick={() => { window.location.assign(fileAddress("xlsx")); close(); }}>Export Excel</button>}
          {importHref && <button type="button" className="menu-entry" onClick={() => { close(); navigate(importHref); }}>Import a file…</button>}
          {canExport && <p className="popover-says">{total ? `${total} ${noun}, as filtered` : "Rows as filtered"}</p>}
        </div>
      )}
    </Menu>
  );
}
