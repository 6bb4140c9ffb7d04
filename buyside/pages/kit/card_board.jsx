// The planning board: columns of cards that are moved by mouse and by keyboard. Only columns and cards in sight are drawn; the server
// counts, sums, sorts and filters. A card that was dropped shows where it goes and stands there when the server has agreed; a move
// that is refused comes back with its reason. Keys: arrows between cards, Space lifts, L locks, Enter opens, Ctrl+Z takes back.
// Fingers take a card by its grip, so that everything else scrolls; a tap on the grip lifts it, and a tap on a place drops it there.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { Bar, CardBody, Outcome, Places, TargetFacts, inShort, spoken, spokenTarget } from "./card_board_parts.jsx";
import { fetched, fromAddress, toAddress, useBoard } from "./card_board_rows.jsx";

const WIDE = 276;             // pixels from column to column
const TALL = 104;             // pixels from card to card
const HEAD = 92;              // pixels of a column's head
const DOCK = 190;             // pixels at the bottom that the strip about a move may cover
const BEYOND = 4;             // cards drawn above and below what is in sight
const FAR = 5;                // pixels after which a press is a drag
const EDGE = 70;              // pixels at the sides where a drag scrolls the board
const PATIENCE = 20000;       // milliseconds after which an answer is given up
const FRESH = 60000;          // milliseconds after which others' moves are looked for
const PAD = 16;               // pixels before the first column

export function CardBoard({ run, canEdit, undoable, marked, answer, onMove, onUndo, onLock }) {
  const [by, setBy] = useState("vendors");
  const [filters, setFilters] = useState({});
  const [isRead, setRead] = useState(false);
  const { columns, choices, problem, stamp, need, refresh, cardAt } = useBoard(isRead ? run : 0, by, filters);
  const [at, setAt] = useState({ key: "", index: 0 });  // the card that has or had the focus
  const [lifted, setLifted] = useState(null);           // { card, key, index, isPointer }
  const [targets, setTargets] = useState(null);
  const [chosen, setChosen] = useState("");             // the column that would take it
  const [sent, setSent] = useState([]);                 // moves on their way: { serial, card, from, to, timer }
  const [refused, setRefused] = useState({});           // by line: why it came back
  const [outcome, setOutcome] = useState(null);
  const [says, setSays] = useState("");
  const [view, setView] = useState({ left: 0, width: 1200, height: 500 });
  const [tops, setTops] = useState({});                 // how far each column is scrolled
  const lanes = useRef(null);
  const places = useRef(null);
  const ghost = useRef(null);
  const drag = useRef(null);
  const movedAt = useRef(0);                            // when a drag ended: the click behind it is none
  const wantsFocus = useRef(null);                      // the card that gets the focus once it is drawn
  const latest = useRef({});
  const serials = useRef(new Set());                    // what this page asked for: other answers are of one before it
  const navigate = useNavigate();

  useEffect(() => { const asked = fromAddress(); setBy(asked.by); setFilters(asked.filters); setRead(true); }, []);
  useEffect(() => { if (isRead && run) toAddress(run, by, filters); }, [isRead, run, by, filters]);
  useEffect(() => {
    if (!lanes.current) return undefined;
    const box = lanes.current;
    const look = () => setView({ left: box.scrollLeft, width: box.clientWidth, height: box.clientHeight });
    const watch = new ResizeObserver(look);
    watch.observe(box);
    look();
    return () => watch.disconnect();
  }, [columns === null]);
  useEffect(() => {
    const look = () => { if (!document.hidden && !drag.current && !latest.current.lifted && latest.current.columns) refresh(); };
    const timer = setInterval(look, FRESH);
    document.addEventListener("visibilitychange", look);
    return () => { clearInterval(timer); document.removeEventListener("visibilitychange", look); };
  }, [refresh]);

  useEffect(() => { if (marked && latest.current.columns) refresh(); }, [marked, refresh]);

  const column = (key) => columns?.find((each) => each.key === key);
  const targetOf = (key) => targets?.targets.find((each) => each.key === key);
  const whyNot = (each) => {
    if (!targets) return "";
    if (targets.why_not) return targets.why_not;
    const found = targetOf(each.key);
    if (found) return found.why_not;
    return each.key === "0" ? "A vendor is not taken away from a line." : `${each.title} ${targets.otherwise}`;
  };

  const numbered = () => { const serial = Math.max(Date.now(), ...serials.current) + 1; serials.current.add(serial); return serial; };

  // ---- focus: a card that is far away is scrolled to first, and has the focus when it is drawn
  const show = useCallback((key, index) => {
    const place = (latest.current.columns ?? []).findIndex((each) => each.key === key);
    const box = lanes.current;
    if (place < 0 || !box) return;
    const left = PAD + place * WIDE;
    if (left < box.scrollLeft) box.scrollLeft = left - PAD;
    else if (left + WIDE > box.scrollLeft + box.clientWidth) box.scrollLeft = left + WIDE - box.clientWidth;
    setView((now) => ({ ...now, left: box.scrollLeft }));
    if (index == null) return;
    const height = box.clientHeight - HEAD, clear = Math.max(TALL, height - DOCK);
    setTops((now) => {
      const top = now[key] ?? 0;
      if (index * TALL >= top && (index + 1) * TALL <= top + clear) return now;
      return { ...now, [key]: Math.max(0, Math.round(index * TALL - Math.max(0, clear - TALL) / 2)), [`${key} set`]: Date.now() };
    });
  }, []);
  const focusOn = useCallback((key, index) => { setAt({ key, index }); wantsFocus.current = `${key}:${index}`; show(key, index); }, [show]);
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    const found = lanes.current?.querySelector(`[data-at="${wantsFocus.current}"]`);
    if (found) { wantsFocus.current = null; found.focus({ preventScroll: true }); }
  });

  // ---- lifting, choosing, dropping, putting back
  const lift = useCallback(async (card, key, index, isPointer) => {
    if (card.is_locked) { setRefused((now) => ({ ...now, [card.line]: "This line is locked. Unlock it to move it." })); setSays(`${card.item}: this line is locked. Press L to unlock it.`); return; }
    setOutcome(null); setTargets(null); setChosen(""); setRefused({});
    setLifted({ card, key, index, isPointer });
    try {
      const told = await fetched("targets", { line: card.line, by: latest.current.by });
      if (!told || latest.current.lifted?.card.line !== card.line) return;
      setTargets(told);
      const here = told.targets.find((each) => each.is_here);
      if (!isPointer) setChosen(here?.key ?? told.targets[0]?.key ?? "");
      const open = told.targets.filter((each) => !each.why_not && !each.is_here).length;
      setSays(told.why_not || `${card.item}, ${card.quantity}, lifted. ${open === 1 ? "1 other column takes" : `${open} other columns take`} it. Arrow keys choose, Enter drops, Escape puts back.`);
    } catch (error) { setSays(error.message); setRefused({ [card.line]: error.message }); setLifted(null); }
  }, []);
  useEffect(() => { if (lifted && !lifted.isPointer) places.current?.focus(); }, [lifted?.card.line, lifted?.isPointer]);

  const putBack = useCallback((isSaid = true) => {
    const was = latest.current.lifted;
    drag.current = null;
    setLifted(null); setTargets(null); setChosen("");
    if (!was) return;
    if (isSaid) setSays(`${was.card.item} is back in its place.`);
    if (!was.isPointer) focusOn(was.key, was.index);
  }, [focusOn]);

  const drop = useCallback((key) => {
    const { lifted: was, targets: known, columns: all } = latest.current;
    if (!was) return;
    const target = known?.targets.find((each) => each.key === key);
    if (key === was.key) { putBack(); return; }
    const lane = all?.find((each) => each.key === key);
    const why = known ? known.why_not || (target ? target.why_not : `${lane?.title ?? "This column"} ${known.otherwise}`) : "";
    if (why) {
      putBack(false);
      setRefused({ [was.card.line]: why });
      setSays(`${was.card.item} is back in its place. ${why}`);
      return;
    }
    const move = { serial: numbered(), card: was.card, from: was.key, to: key, index: was.index, isPointer: was.isPointer };
    move.timer = setTimeout(() => settle({ serial: move.serial, ok: false, line: was.card.line, says: "No answer came. Look again before you move it once more.", card: was.card }), PATIENCE);
    drag.current = null;
    setSent((now) => [...now, move]);
    setLifted(null); setTargets(null); setChosen("");
    setSays(`Moving ${was.card.item} to ${target?.title ?? lane?.title ?? key}.`);
    show(key, null);
    onMove?.({ serial: move.serial, line: was.card.line, version: was.card.version, by: latest.current.by, column: key });
  }, [onMove, putBack, show]);

  // ---- what the server answered: the card stands where it belongs now, and everything that counts it is read again
  const settle = useCallback(async (told) => {
    const move = latest.current.sent.find((each) => each.serial === told.serial);
    clearTimeout(move?.timer);
    setOutcome(told);
    setRefused(told.ok ? {} : { [told.line]: told.says });
    await refresh([...new Set([...(told.columns ?? []), move?.from, move?.to])].filter(Boolean));
    setSent((now) => now.filter((each) => each.serial !== told.serial));
    setSays(told.ok ? `${told.card?.item ?? ""}: ${told.says} ${told.balance?.says ?? ""}` : `${told.card?.item ?? "The line"} stays as it was. ${told.says}`);
    try {
      const { by: now, filters: asked } = latest.current;
      const place = await fetched("place", { line: told.line, by: now, ...asked });
      if (place && place.ahead != null) focusOn(place.column, place.ahead);
      else if (place && told.ok) setSays((said) => `${said} The filters leave it out here.`);
    } catch { /* it is gone; what was told stands */ }
  }, [refresh, focusOn]);
  useEffect(() => { if (serials.current.has(answer?.serial)) settle(answer); }, [answer?.serial]);

  const undo = useCallback(() => { if (!canEdit || !latest.current.undoable) return; onUndo?.(numbered()); }, [canEdit, onUndo]);
  useEffect(() => {
    const onKey = (event) => {
      const isField = event.target.closest?.("input, textarea, select, [contenteditable]");
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z" && !isField) { event.preventDefault(); undo(); }
      if (event.key === "Escape" && drag.current) { event.preventDefault(); putBack(); }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [undo, putBack]);

  // ---- the mouse, and fingers on a grip
  const onPointerDown = (event, card, key, index) => {
    if (!canEdit || event.button !== 0 || latest.current.lifted || (event.pointerType === "touch" && !event.target.closest(".board-grip"))) return;
    drag.current = { x: event.clientX, y: event.clientY, pointer: event.pointerId, card, key, index, isMoving: false };
  };
  const onGrip = (card, key, index) => { if (canEdit && !latest.current.lifted && Date.now() - movedAt.current > 300) lift(card, key, index, false); };
  useEffect(() => {
    let scrolling = 0;
    const over = (event) => {
      const found = document.elementFromPoint(event.clientX, event.clientY);
      return found?.closest("[data-place]")?.dataset.place ?? found?.closest("[data-column]")?.dataset.column ?? "";
    };
    const scroll = () => {
      const held = drag.current, box = lanes.current;
      if (!held?.isMoving || !box) { scrolling = 0; return; }
      const { left, right } = box.getBoundingClientRect();
      const pull = held.at < left + EDGE ? held.at - left - EDGE : held.at > right - EDGE ? held.at - right + EDGE : 0;
      if (pull) box.scrollLeft += pull / 4;
      scrolling = requestAnimationFrame(scroll);
    };
    const onMove = (event) => {
      const held = drag.current;
      if (!held || event.pointerId !== held.pointer) return;
      if (!held.isMoving) {
        if (Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR) return;
        held.isMoving = true;
        lift(held.card, held.key, held.index, true);
        scrolling = requestAnimationFrame(scroll);
      }
      event.preventDefault();
      held.at = event.clientX; held.top = event.clientY;
      if (ghost.current) ghost.current.style.transform = `translate(${event.clientX + 10}px, ${event.clientY + 6}px)`;
      const key = over(event);
      setChosen((now) => (now === key ? now : key));
    };
    const onUp = (event) => {
      const held = drag.current;
      if (!held || event.pointerId !== held.pointer) return;
      drag.current = null;
      if (!held.isMoving) return;
      movedAt.current = Date.now();
      const key = over(event);
      if (key && latest.current.lifted) drop(key); else putBack();
    };
    const onCancel = () => { if (drag.current?.isMoving) putBack(); drag.current = null; };
    window.addEventListener("pointermove", onMove);
    window.addEventListener("pointerup", onUp);
    window.addEventListener("pointercancel", onCancel);
    return () => {
      cancelAnimationFrame(scrolling);
      window.removeEventListener("pointermove", onMove); window.removeEventListener("pointerup", onUp); window.removeEventListener("pointercancel", onCancel);
    };
  }, [lift, drop, putBack]);

  // ---- keys on a card
  const onKeyDown = (event, card, key, index) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    const lane = (columns ?? []).findIndex((each) => each.key === key);
    const beside = (step) => { for (let next = lane + step; columns[next]; next += step) if (columns[next].lines) return focusOn(columns[next].key, Math.min(index, columns[next].lines - 1)); return undefined; };
    const to = (next) => focusOn(key, Math.max(0, Math.min(columns[lane].lines - 1, next)));
    const acts = {
      ArrowDown: () => to(index + 1), ArrowUp: () => to(index - 1), ArrowRight: () => beside(1), ArrowLeft: () => beside(-1),
      Home: () => to(0), End: () => to(columns[lane].lines - 1), PageDown: () => to(index + 5), PageUp: () => to(index - 5),
      " ": () => canEdit && lift(card, key, index, false),
      Enter: () => navigate(`/plan?${new URLSearchParams({ run: String(run), item: card.item })}`),
      l: () => { canEdit && onLock?.({ serial: numbered(), line: card.line, version: card.version, locked: !card.is_locked }) },
      Escape: () => { if (lifted) return putBack(); setRefused({}); setOutcome(null); return undefined; },
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) { event.preventDefault(); act(); }
  };

  const choose = (key) => {
    setChosen(key);
    const target = targetOf(key);
    if (target) setSays(spokenTarget(target));
    show(key, null);
  };
  latest.current = { ...latest.current, columns, lifted, targets, by, filters, sent, undoable };

  const body = () => {
    if (problem && !columns) return <p className="table-none" role="alert">{problem}</p>;
    if (!columns) return <p className="waiting" role="status">Reading the board…</p>;
    const isEmpty = !columns.some((each) => each.lines);
    const first = Math.max(0, Math.floor(view.left / WIDE) - 1), last = Math.min(columns.length, Math.ceil((view.left + view.width) / WIDE) + 1);
    return (
      <>
        {isEmpty ? <p className="board-none" role="status">{Object.values(filters).some(Boolean) ? "No open line of this plan is like that." : "No line of this plan is open."}</p> : null}
        <div ref={lanes} className="board-lanes" data-lifted={lifted ? "true" : "false"} tabIndex={-1} role="group" aria-label="Planning board"
          onScroll={(event) => { const { scrollLeft } = event.currentTarget; setView((now) => (now.left === scrollLeft ? now : { ...now, left: scrollLeft })); }}>
          <div className="board-width" style={{ width: PAD + columns.length * WIDE }}>
            {columns.slice(first, last).map((each, place) => (
              <Lane key={each.key} lane={each} left={PAD + (first + place) * WIDE} height={view.height} by={by} top={tops[each.key] ?? 0} topSet={tops[`${each.key} set`]}
                onTop={(top) => setTops((now) => (now[each.key] === top ? now : { ...now, [each.key]: top }))}
                stamp={stamp} need={need} cardAt={cardAt} at={at} lifted={lifted} target={targetOf(each.key)} why={lifted && targets ? whyNot(each) : ""} isKnown={Boolean(targets)}
                isChosen={Boolean(lifted) && chosen === each.key} sent={sent} refused={refused} canEdit={canEdit}
                onFocus={(index) => setAt({ key: each.key, index })} onKeyDown={onKeyDown} onPointerDown={onPointerDown} onGrip={onGrip} />
            ))}
          </div>
        </div>
      </>
    );
  };
  return (
    <div className="board">
      <Bar by={by} filters={filters} choices={choices} undoable={undoable} canEdit={canEdit} onBy={(next) => { putBack(false); setOutcome(null); setTops({}); setBy(next); }} onFilters={setFilters} onUndo={undo} />
      {body()}
      {lifted ? <Places boxRef={places} card={lifted.card} targets={targets} why={targets?.why_not ?? ""} chosen={chosen} onChoose={choose} onDrop={drop} onBack={putBack} isPointer={lifted.isPointer} /> : null}
      {!lifted && outcome ? <Outcome answer={outcome} run={run} undoable={undoable} onUndo={undo} onClose={() => { setOutcome(null); setRefused({}); }} navigate={navigate} /> : null}
      {lifted?.isPointer ? <div ref={ghost} className="board-card board-ghost" aria-hidden="true" style={{ transform: `translate(${(drag.current?.at ?? 0) + 10}px, ${(drag.current?.top ?? 0) + 6}px)` }}><CardBody card={lifted.card} by={by} /></div> : null}
      <p id="board-keys" className="only-read">Arrow keys go from card to card, Space lifts a card, L locks or unlocks it, Enter opens it in the plan, Control and Z takes the last move back.</p>
      <p className="only-read" role="status" aria-live="polite">{says}</p>
    </div>
  );
}

// One column: its head, and of its cards those in sight.
function Lane({ lane, left, height, by, top, topSet, onTop, stamp, need, cardAt, at, lifted, target, why, isKnown, isChosen, sent, refused, canEdit, onFocus, onKeyDown, onPointerDown, onGrip }) {
  const box = useRef(null);
  const arriving = sent.filter((each) => each.to === lane.key);
  const tall = height - HEAD;
  const first = Math.max(0, Math.floor(top / TALL) - BEYOND), last = Math.min(lane.lines, Math.ceil((top + tall) / TALL) + BEYOND);
  useEffect(() => { if (last > first) need(lane.key, first, last); }, [lane.key, first, last, stamp, need]);
  useLayoutEffect(() => { if (box.current && Math.abs(box.current.scrollTop - top) > 1) box.current.scrollTop = top; }, [topSet]);
  const takes = isKnown && !why && target && !target.is_here;
  const says = lifted && isKnown ? (why || (target ? inShort(target) : "")) : lane.says;
  const tabbed = at.key === lane.key && at.index >= first && at.index < last ? at.index : first;
  return (
    <section className="board-lane" data-column={lane.key} data-takes={lifted ? (target?.is_here ? "here" : takes ? "true" : "false") : undefined} data-chosen={isChosen ? "true" : "false"} style={{ left, width: WIDE - 8 }} aria-label={lane.title}>
      <header className="board-lane-head" style={{ height: HEAD - 8 }}>
        <div className="board-card-row"><h2 className="clip" title={lane.title}>{lane.title}</h2><span className="board-count">{lane.lines_text}</span></div>
        <div className="board-card-row"><span className="board-figure clip" title={lane.totals}>{lane.total}</span>{lane.late ? <span className="status" data-tone="bad">{lane.late} late</span> : null}</div>
        <div className={lane.tone === "warn" && !lifted ? "board-says status" : "board-says"} data-tone={lane.tone} title={says}>{says}</div>
      </header>
      <div ref={box} className="board-cards" onScroll={(event) => onTop(event.currentTarget.scrollTop)}>
        {isChosen && takes ? <div className="board-card board-preview" aria-hidden="true"><TargetFacts target={target} /></div> : null}
        {arriving.map((each) => <div key={each.serial} className="board-card board-arriving" role="status"><CardBody card={each.card} by={by} /><span className="board-saving">Moving…</span></div>)}
        <div role="list" aria-label={`${lane.title}: ${lane.lines_text} lines, ${lane.total}`} style={{ height: lane.lines * TALL, position: "relative", marginBottom: DOCK }}>
          {Array.from({ length: Math.max(0, last - first) }, (_, place) => {
            const index = first + place, card = cardAt(lane.key, index);
            const style = { top: index * TALL, height: TALL - 8 };
            if (!card) return <div key={`empty ${index}`} role="listitem" className="board-card board-waiting" style={style} aria-label="Reading" />;
            const isGone = sent.some((each) => each.card.line === card.line), isUp = lifted?.card.line === card.line;
            return (
              <div key={card.line} role="listitem" className="board-card" style={style} data-at={`${lane.key}:${index}`} data-line={card.line} aria-posinset={index + 1} aria-setsize={lane.lines}
                tabIndex={index === tabbed ? 0 : -1} aria-label={spoken(card, by) + (refused[card.line] ? `. ${refused[card.line]}` : "")} aria-describedby="board-keys"
                data-up={isUp || isGone ? "true" : "false"} data-locked={card.is_locked ? "true" : "false"} data-refused={refused[card.line] ? "true" : "false"}
                onFocus={() => onFocus(index)} onKeyDown={(event) => !isGone && onKeyDown(event, card, lane.key, index)} onPointerDown={(event) => !isGone && onPointerDown(event, card, lane.key, index)}>
                <CardBody card={card} by={by} refusal={refused[card.line]} />
                {canEdit ? <span className="board-grip" aria-hidden="true" onClick={() => !isGone && onGrip(card, lane.key, index)} /> : null}
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}
