// The columns of a file beside the columns that they fill: chosen in a list, or dragged there by a handle.
// What is dragged follows the pointer; the list says the same to the keyboard, and the server has the last word.
import { useEffect, useMemo, useRef, useState } from "react";

const STEP = 4;                                        // pixels before a press becomes a drag
const Grip = () => (
  <svg viewBox="0 0 10 16" width="8" height="13" fill="currentColor" aria-hidden="true">
    {[2, 8, 14].map((y) => [2, 8].map((x) => <circle key={`${x}-${y}`} cx={x} cy={y} r="1.4" />))}</svg>
);

const filledBy = (mapping) => new Map(Object.entries(mapping ?? {}).filter(([, place]) => place !== "").map(([column, place]) => [place, column]));

function Samples({ read, plain }) {
  if (!read?.length) return <span className="map-sample quiet clip">{plain.join(" · ")}</span>;
  return (
    <span className="map-sample clip">
      {read.map((each, i) => (
        <span key={i} className={each.bad ? "map-bad" : "quiet"}>
          {i > 0 && " · "}{each.raw}{each.read !== each.raw && <><span aria-hidden="true"> → </span><span className="only-read"> is read as </span><b>{each.read}</b></>}
        </span>
      ))}
    </span>
  );
}

export function ColumnMapping({ label, columns, file, mapping, read, onMap }) {
  const [local, setLocal] = useState(mapping ?? {});
  const [drag, setDrag] = useState(null);              // {place, header, x, y, over}
  const [said, setSaid] = useState("");
  const pressed = useRef(null);
  useEffect(() => setLocal(mapping ?? {}), [JSON.stringify(mapping)]);

  const byPlace = useMemo(() => new Map((file ?? []).map((each) => [each.place, each])), [JSON.stringify(file)]);
  const taken = filledBy(local);
  const left = (file ?? []).filter((each) => !taken.has(each.place));
  const free = (own) => (file ?? []).filter((each) => each.place === own || !taken.has(each.place));   // first, so that typing finds them first
  const elsewhere = (own) => (file ?? []).filter((each) => each.place !== own && taken.has(each.place));
  const labelOf = (name) => columns.find((each) => each.name === name)?.label ?? name;

  const put = (column, place) => {
    if ((local[column] ?? "") === place) return;
    const next = { ...local };
    const before = place === "" ? undefined : taken.get(place);
    if (before) next[before] = "";
    next[column] = place;
    setLocal(next);
    setSaid(place === "" ? `Nothing goes to ${labelOf(column)}.` : `${byPlace.get(place)?.header} goes to ${labelOf(column)}.`);
    onMap?.(column, place);
  };

  const target = (event) => {
    const hit = document.elementFromPoint(event.clientX, event.clientY)?.closest?.("[data-map-to]");
    return hit ? hit.dataset.mapTo : null;
  };
  const press = (place) => (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    pressed.current = { place, x: event.clientX, y: event.clientY };
  };
  const move = (event) => {
    const at = pressed.current;
    if (!at || (!drag && Math.hypot(event.clientX - at.x, event.clientY - at.y) < STEP)) return;
    setDrag({ place: at.place, header: byPlace.get(at.place)?.header, x: event.clientX, y: event.clientY, over: target(event) });
  };
  const drop = (event) => {
    const at = pressed.current;
    pressed.current = null;
    if (!drag || !at) return;
    const to = target(event);
    setDrag(null);
    if (to === "") { const from = taken.get(at.place); if (from) put(from, ""); } else if (to !== null) put(to, at.place);
  };
  const stop = () => { pressed.current = null; setDrag(null); };
  useEffect(() => {
    if (!drag) return undefined;
    const escape = (event) => { if (event.key === "Escape") stop(); };
    window.addEventListener("keydown", escape);
    return () => window.removeEventListener("keydown", escape);
  }, [Boolean(drag)]);
  const handle = (place) => ({ onPointerDown: press(place), onPointerMove: move, onPointerUp: drop, onPointerCancel: stop });

  return (
    <div className={drag ? "map dragging" : "map"} role="group" aria-label={label}>
      <ul className="map-slots">
        {columns.map((column) => {
          const place = local[column.name] ?? "";
          const from = byPlace.get(place);
          const missing = column.required && !from;
          const look = ["map-slot", missing ? "missing" : "", drag?.over === column.name ? "over" : ""].join(" ");
          return (
            <li key={column.name} className={look} data-map-to={column.name}>
              <span className="map-name">
                <span className="map-label">{column.label}{column.required && <span className="map-needed"> required</span>}</span>
                {column.says && <span className="map-says clip" title={column.says}>{column.says}</span>}
              </span>
              <span className="map-from">
                {from ? <span className="map-grip" title={`Drag ${from.header} to another column`} {...handle(place)}><Grip /></span> : <span className="map-grip none" />}
                <select className="input" value={from ? place : ""} aria-label={`What fills ${column.label}`} aria-invalid={missing ? "true" : "false"}
                  aria-required={column.required ? "true" : "false"} onChange={(event) => put(column.name, event.target.value)}>
                  <option value="">{column.required ? "Choose a column" : "Nothing"}</option>
                  {free(place).map((each) => <option key={each.place} value={each.place}>{each.header}</option>)}
                  {elsewhere(place).length > 0 && (
                    <optgroup label="Filling another column">
                      {elsewhere(place).map((each) => <option key={each.place} value={each.place}>{each.header} (now {labelOf(taken.get(each.place))})</option>)}
                    </optgroup>
                  )}
                </select>
              </span>
              {from ? <Samples read={read?.[column.name]} plain={from.samples} /> : <span className="map-sample quiet">{missing ? "" : column.empty}</span>}
            </li>
          );
        })}
      </ul>
      <div className={drag?.over === "" ? "map-left over" : "map-left"} data-map-to="">
        <h3>{left.length ? "Not taken from the file" : "Every column of the file is taken"}</h3>
        <ul>
          {left.map((each) => (
            <li key={each.place} className="map-chip" title={`Drag ${each.header} to a column`} {...handle(each.place)}>
              <Grip /><span className="map-chip-name">{each.header}</span><span className="quiet clip">{each.samples[0]}</span>
            </li>
          ))}
        </ul>
        {left.length > 0 && <p className="quiet">Drag one to where it belongs, or choose it in the list there.</p>}
      </div>
      {drag && <span className="map-ghost" style={{ left: drag.x, top: drag.y }} aria-hidden="true"><Grip />{drag.header}</span>}
      <span className="only-read" role="status">{said}</span>
    </div>
  );
}
