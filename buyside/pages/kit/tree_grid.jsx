// A tree of any size as a grid: levels come from the server when they are opened, and only the rows in sight are drawn.
// Keys: up and down, right opens or goes in, left closes or goes out, Home and End, Page keys, * opens all beside it,
// letters go to the next row that begins with them, Enter chooses, F2 changes, Insert adds below, Delete takes out.
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

const ROW = 30;
const BEYOND = 12;            // rows drawn above and below what is in sight
const MOST = 100;             // levels that are asked for at once
const PATIENCE = 20000;       // milliseconds after which an answer is given up
const TYPING = 700;           // milliseconds in which letters belong together

const MARKS = { product: "Product", variant: "Variant", item: "", rule: "Rule" };

export function TreeGrid({ label, heads, roots, start, stamp, answer, chosen, canEdit, empty, onLevels, onChoose, onAct }) {
  const [levels, setLevels] = useState({});       // by path: { places, left }
  const [open, setOpen] = useState(() => new Set());
  const [at, setAt] = useState("");               // path of the row that has or had the focus
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [says, setSays] = useState("");
  const box = useRef(null);
  const waiting = useRef([]);                     // paths to ask for
  const asked = useRef(null);                     // the request that is on its way: its number, paths and timer
  const requests = useRef(0);
  const wantsFocus = useRef(false);
  const typed = useRef({ text: "", at: 0 });

  const send = useCallback(() => {
    if (asked.current || !waiting.current.length) return;
    const paths = waiting.current.splice(0, MOST);
    const timer = setTimeout(() => { asked.current = null; send(); }, PATIENCE);
    requests.current += 1;
    asked.current = { number: requests.current, paths: new Set(paths), timer };
    onLevels?.(paths, requests.current);
  }, [onLevels]);
  const ask = useCallback((paths) => {
    for (const path of paths) if (!waiting.current.includes(path) && !asked.current?.paths.has(path)) waiting.current.push(path);
    send();
  }, [send]);

  // Another tree, or rows that were changed: what is open is asked for anew and stays where it is meanwhile.
  useEffect(() => {
    if (!stamp) return;
    const kept = [...open].filter((path) => roots.some((root) => path === root.path || path.startsWith(`${root.path}/`)));
    const first = start === "levels" ? [""] : roots.map((root) => root.path);
    const now = new Set([...kept, ...first]);
    waiting.current = [];
    if (asked.current) { clearTimeout(asked.current.timer); asked.current = null; }
    setOpen(now);
    setLevels((known) => Object.fromEntries(Object.entries(known).filter(([path]) => now.has(path))));
    ask([...now]);
  }, [stamp]);

  useEffect(() => {
    if (!answer?.serial || answer.request !== asked.current?.number) return;   // of a tree that was left meanwhile
    const arrived = Object.entries(answer.levels);
    clearTimeout(asked.current.timer);
    asked.current = null;
    setLevels((now) => {
      const next = { ...now };
      for (const [path, level] of arrived) {
        const [plain, from] = path.split("~");
        next[plain] = from ? { places: [...(now[plain]?.places ?? []).slice(0, Number(from)), ...level.places], left: level.left } : level;
      }
      return next;
    });
    const [path, level] = arrived[0] ?? [""];
    if (arrived.length === 1 && path !== "") setSays(level.places.length ? `${level.places.length + level.left} below` : "Nothing below");
    send();
  }, [answer?.serial]);

  const rows = useMemo(() => {
    const flat = [];
    const add = (place, depth, position, size) => {
      const isOpen = open.has(place.path);
      const level = levels[place.path];
      const hasMore = place.has_more && !(level && !level.places.length && !level.left);
      flat.push({ ...place, depth, position, size, isOpen: isOpen && hasMore, hasMore });
      if (isOpen && hasMore) below(place.path, depth + 1);
    };
    const below = (path, depth) => {
      const level = levels[path];
      if (!level) { flat.push({ path: `${path}!`, kind: "wait", depth, position: 1, size: 1, parent: path }); return; }
      const size = level.places.length + (level.left ? 1 : 0);
      level.places.forEach((place, number) => add(place, depth, number + 1, size));
      if (level.left) flat.push({ path: `${path}+`, kind: "left", depth, position: size, size, left: level.left, parent: path, shown: level.places.length });
    };
    if (start === "levels") below("", 1);
    else roots.forEach((root, number) => add(root, 1, number + 1, roots.length));
    return flat;
  }, [roots, start, levels, open]);

  const place = Math.max(0, rows.findIndex((row) => row.path === at));
  const here = rows[place];

  useLayoutEffect(() => {
    const sized = new ResizeObserver(() => setHeight(box.current?.clientHeight ?? 600));
    sized.observe(box.current);
    return () => sized.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (!wantsFocus.current || !here) return;
    const view = box.current;
    const y = place * ROW;
    if (y < view.scrollTop) view.scrollTop = y;
    else if (y + 2 * ROW > view.scrollTop + view.clientHeight) view.scrollTop = y + 2 * ROW - view.clientHeight;
    const row = view.querySelector(`[data-path="${CSS.escape(here.path)}"]`);
    if (row) { row.focus({ preventScroll: true }); wantsFocus.current = false; }
  }, [at, rows, top]);

  const goTo = (number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, number))];
    if (!row) return;
    wantsFocus.current = true;
    setAt(row.path);
    const y = rows.indexOf(row) * ROW;
    const view = box.current;
    if (y < view.scrollTop || y + 2 * ROW > view.scrollTop + view.clientHeight) setTop(view.scrollTop = Math.max(0, y - view.clientHeight / 2));
  };
  const show = (row, wanted) => {
    if (!row.hasMore) return;
    setOpen((now) => { const next = new Set(now); if (wanted) next.add(row.path); else next.delete(row.path); return next; });
    if (wanted && !levels[row.path]) ask([row.path]);
  };
  const next = (row) => ask([`${row.parent}~${row.shown}`]);
  const choose = (row) => {
    if (row.kind === "left") return next(row);
    if (row.kind !== "wait") onChoose?.({ path: row.path, kind: row.kind, code: row.code, row: String(row.row_id ?? "") });
  };
  const parentOf = (row) => {
    for (let number = rows.indexOf(row) - 1; number >= 0; number -= 1) if (rows[number].depth < row.depth) return number;
    return -1;
  };
  const siblings = (row) => rows.filter((each) => each.depth === row.depth && (parentOf(each) === parentOf(row)));

  const onKeyDown = (event) => {
    if (!here || event.target.closest("a, button, input")) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(height / ROW) - 2);
    const moves = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1, PageDown: place + page, PageUp: place - page };
    const acts = { F2: "edit", Insert: "add", Delete: "remove" };
    if (event.key in moves) goTo(moves[event.key]);
    else if (event.key === "ArrowRight") { if (here.hasMore && !here.isOpen) show(here, true); else if (here.isOpen) goTo(place + 1); }
    else if (event.key === "ArrowLeft") { if (here.isOpen) show(here, false); else if (parentOf(here) >= 0) goTo(parentOf(here)); }
    else if (event.key === "Enter" || event.key === " ") choose(here);
    else if (event.key === "*") {
      const beside = siblings(here).filter((row) => row.hasMore).slice(0, MOST);
      setOpen((now) => new Set([...now, ...beside.map((row) => row.path)]));
      ask(beside.map((row) => row.path).filter((path) => !levels[path]));
    } else if (event.key in acts) {
      if (!canEdit || here.kind === "wait" || here.kind === "left") return;
      choose(here);
      onAct?.(acts[event.key]);
    } else if (event.key.length === 1 && event.key !== "?" && event.key !== "/") {
      const now = Date.now();
      typed.current = { text: (now - typed.current.at < TYPING ? typed.current.text : "") + event.key.toLowerCase(), at: now };
      const from = typed.current.text.length > 1 ? place : place + 1;
      const around = [...rows.slice(from), ...rows.slice(0, from)];
      const hit = around.find((row) => [row.code, row.name].some((word) => word?.toLowerCase().startsWith(typed.current.text)));
      if (hit) goTo(rows.indexOf(hit));
      event.nativeEvent.stopImmediatePropagation();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const first = Math.max(0, Math.floor(top / ROW) - BEYOND);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW) + BEYOND);
  const drawn = rows.slice(first, last).map((row, number) => ({ row, number: first + number }));
  if (here && (place < first || place >= last)) drawn.push({ row: here, number: place });

  return (
    <>
    <div className="tree" role="treegrid" aria-label={label} aria-rowcount={rows.length + 1} aria-colcount={heads.length}
      aria-readonly="true" onKeyDown={onKeyDown}>
      <div className="tree-head" role="rowgroup">
        <div className="tree-row" role="row" aria-rowindex={1}>
          {heads.map((head, number) => <span key={head} role="columnheader" aria-colindex={number + 1} className={`tree-cell tree-c${number}`}>{head}</span>)}
        </div>
      </div>
      <div className="tree-body" role="rowgroup" ref={box} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <div role="presentation" style={{ height: rows.length * ROW, position: "relative" }}>
          {drawn.map(({ row, number }) => (
            <TreeRow key={row.path} row={row} number={number} isHere={number === place} isChosen={row.path === chosen} columns={heads.length}
              onPick={() => { wantsFocus.current = true; setAt(row.path); choose(row); }} onShow={() => { setAt(row.path); show(row, !row.isOpen); }}
              onFocus={() => setAt(row.path)} />
          ))}
        </div>
      </div>
    </div>
    {rows.length ? null : <p className="table-none">{empty}</p>}
    <div className="only-read" role="status">{says}</div>
    </>
  );
}

function TreeRow({ row, number, isHere, isChosen, columns, onPick, onShow, onFocus }) {
  const common = {
    role: "row", "data-path": row.path, "aria-rowindex": number + 2, "aria-level": row.depth, "aria-posinset": row.position, "aria-setsize": row.size,
    tabIndex: isHere ? 0 : -1, onFocus, style: { top: number * ROW, "--depth": row.depth - 1 },
  };
  if (row.kind === "wait" || row.kind === "left") {
    const word = row.kind === "wait" ? "Loading…" : `Show more (${row.left} left)`;
    return (
      <div {...common} className="tree-row" data-kind={row.kind} aria-busy={row.kind === "wait" || undefined} onClick={row.kind === "left" ? onPick : undefined}>
        <span role="gridcell" aria-colindex={1} aria-colspan={columns} className="tree-cell tree-c0"><span className="tree-indent" />
          <span className={row.kind === "left" ? "tree-more" : "quiet"}>{word}</span></span>
      </div>
    );
  }
  const mark = MARKS[row.kind];
  const cells = [row.per, row.scrap, row.cumulated, row.days, row.supply_says];
  return (
    <div {...common} className="tree-row" data-kind={row.kind} data-idle={row.counts === false ? "true" : undefined}
      aria-expanded={row.hasMore ? row.isOpen : undefined} aria-selected={isChosen} onClick={onPick}>
      <span role="gridcell" aria-colindex={1} className="tree-cell tree-c0" title={[row.code, row.name, row.says].filter(Boolean).join(" · ")}>
        <span className="tree-indent" />
        {row.hasMore
          ? <span className="tree-twist" aria-hidden="true" data-open={row.isOpen} onClick={(event) => { event.stopPropagation(); onShow(); }}>▸</span>
          : <span className="tree-twist" aria-hidden="true" />}
        {mark ? <span className="tree-mark">{mark}</span> : null}
        <span className="tree-code">{row.code}</span><span className="tree-name">{row.name}</span>
        {row.says ? <span className="tree-says">{row.says}</span> : null}
      </span>
      {cells.map((cell, column) => <span key={column} role="gridcell" aria-colindex={column + 2} className={`tree-cell tree-c${column + 1}`}>{cell}</span>)}
    </div>
  );
}
