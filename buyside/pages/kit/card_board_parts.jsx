// The pieces of the planning board: a card, the strip that tells where a lifted card could go, and an item's balance.
const Mark = ({ tone, children, title }) => <span className="status" data-tone={tone} title={title}>{children}</span>;

export const daysLate = (days) => `${days} d late`;

export function spoken(card, by) {
  return [
    `${card.item}, ${card.name}`, card.quantity, card.value, by === "weeks" ? card.vendor : "", `needed ${card.needed_on}`, `order by ${card.order_by}`,
    card.late ? daysLate(card.late) : "", card.is_locked ? "locked" : "", card.drift ? `moved since: ${card.drift}` : "",
    card.is_part ? "part of a split line" : "", card.contract ? `on contract ${card.contract}` : "", card.is_changed ? "changed" : "",
  ].filter(Boolean).join(", ");
}

export function CardBody({ card, by, refusal }) {
  return (
    <>
      <div className="board-card-head"><strong>{card.item}</strong><span className="clip quiet">{card.name}</span></div>
      <div className="board-card-row"><span className="board-figure">{card.quantity}</span><span className="board-figure">{card.value}</span></div>
      {refusal ? <div className="board-card-no" title={refusal}>{refusal}</div> : (
        <>
          <div className="board-card-row quiet"><span className="clip">{by === "weeks" ? card.vendor : `Needed ${card.needed}`}</span><span className="board-by" title={`Order by ${card.order_by}`}>{card.by === card.order_by ? "by" : "order by"} {card.by}</span></div>
          <div className="board-card-marks">
            {card.late ? <Mark tone="bad">{daysLate(card.late)}</Mark> : null}
            {card.is_locked ? <Mark tone="active">Locked</Mark> : null}
            {card.drift ? <Mark tone="warn" title={card.drift}>Moved since</Mark> : null}
            {card.is_part ? <Mark tone="partial">Part</Mark> : null}
            {card.contract ? <Mark tone="good" title={`Contract ${card.contract}`}>{card.contract}</Mark> : null}
            {card.is_changed ? <Mark tone="neutral">Changed</Mark> : null}
          </div>
        </>
      )}
    </>
  );
}

// What a column makes of the card, in one line, for the head of a column.
export function inShort(target) {
  if (target.is_here) return "It stands here now";
  const late = target.late ? `, ${daysLate(target.late)}` : "";
  return `${target.quantity}, ${target.total}${target.change ? ` (${target.change})` : ""}${late}`;
}

export function spokenTarget(target) {
  if (target.why_not) return `${target.title}: ${target.why_not}`;
  if (target.is_here) return `${target.title}: it stands here now.`;
  const arrives = target.arrives ? `arrives ${target.arrives}, ${target.lateness}` : target.lateness;
  return [
    `${target.title}: ${target.quantity}`, `price ${target.price}`, `total ${target.total}${target.change ? `, ${target.change}` : ""}`,
    `needed ${target.needed_on}`, arrives, target.late ? `order by ${target.order_by}, ${daysLate(target.late)}` : `order by ${target.order_by}`, target.remark,
  ].filter(Boolean).join("; ");
}

export function TargetFacts({ target }) {
  if (target.is_here) return <div className="quiet">It stands here now.</div>;
  if (target.why_not) return <div className="board-why"><Mark tone="bad">Not here</Mark><span>{target.why_not}</span></div>;
  const tone = target.later > 0 ? "warn" : "good";
  return (
    <>
      <div className="board-card-row"><span className="board-figure">{target.quantity}</span><span className="board-figure">{target.total}</span></div>
      <div className="board-card-row quiet"><span>{target.price}</span><span className="board-figure">{target.change}</span></div>
      <div className="board-card-row quiet"><span>{target.arrives ? `Arrives ${target.arrives}` : `Needed ${target.needed_on}`}</span></div>
      <div className="board-card-row"><Mark tone={tone}>{target.lateness}</Mark>{target.late ? <Mark tone="bad">{daysLate(target.late)}</Mark> : null}</div>
      {target.remark ? <div className="board-remark" title={target.remark}>{target.remark}</div> : null}
    </>
  );
}

// Where a lifted card could go, each with what it would mean. Arrows go through them, Enter drops, Escape puts the card back.
export function Places({ boxRef, card, targets, why, chosen, onChoose, onDrop, onBack, isPointer }) {
  const open = targets?.targets ?? [];
  const ids = (key) => `board-place-${key}`;
  const go = (step) => {
    const at = open.findIndex((each) => each.key === chosen);
    onChoose(open[Math.max(0, Math.min(open.length - 1, at + step))]?.key ?? "");
  };
  const onKeyDown = (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -open.length, End: open.length, PageDown: 5, PageUp: -5 };
    if (event.key in steps) { event.preventDefault(); event.stopPropagation(); go(steps[event.key]); }
    else if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); if (chosen) onDrop(chosen); }
    else if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); onBack(); }
    else if (event.key === "Tab") onBack();
  };
  const isTouched = window.matchMedia("(pointer: coarse)").matches;
  return (
    <div className="board-dock" data-pointer={isPointer ? "true" : "false"}>
      <div className="board-dock-head">
        <strong>{card.item}</strong><span className="clip">{card.name}</span>
        <span className="quiet board-figure">{card.quantity}, {card.value}</span>
        <span className="board-dock-hint quiet">{why || (isPointer ? "Drop it on a column or here" : isTouched ? "Tap where it is to go" : "Arrows choose, Enter drops, Escape puts back")}</span>
        {isTouched && !isPointer ? <button type="button" className="button plain square" aria-label="Put back" title="Put back" onClick={() => onBack()}>×</button> : null}
      </div>
      <div ref={boxRef} className="board-places" role="listbox" aria-label={`Where ${card.item} could go`} tabIndex={0} onKeyDown={onKeyDown}
        aria-activedescendant={chosen ? ids(chosen) : undefined} aria-busy={targets ? "false" : "true"}>
        {targets ? open.map((each) => (
          <div key={each.key} id={ids(each.key)} role="option" aria-selected={each.key === chosen} aria-disabled={each.why_not ? "true" : "false"} aria-label={each.title}
            className="board-place" data-place={each.key} data-here={each.is_here ? "true" : "false"} onClick={() => onDrop(each.key)}>
            <div className="board-place-title clip">{each.title}</div>
            <TargetFacts target={each} />
          </div>
        )) : <div role="option" aria-selected="false" className="quiet">Looking who takes it…</div>}
      </div>
    </div>
  );
}

// The balance of an item from date to date, as steps, against zero and its safety stock.
export function Balance({ balance }) {
  const width = 280, height = 60, edge = 4;
  const points = balance.points.map(([day, left]) => [day, Number(left)]);
  const values = [...points.map(([, left]) => left), 0, Number(balance.safety)];
  const least = Math.min(...values), span = Math.max(...values) - least || 1;
  const first = points[0][0], days = Math.max(1, points[points.length - 1][0] - first) * 1.04;
  const x = (day) => edge + ((day - first) / days) * (width - 2 * edge);
  const y = (left) => height - edge - ((left - least) / span) * (height - 2 * edge);
  const line = points.map(([day, left], place) => (place ? `H${x(day).toFixed(1)}V${y(left).toFixed(1)}` : `M${x(day).toFixed(1)} ${y(left).toFixed(1)}`)).join("");
  return (
    <svg className="board-balance" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={`${balance.item} in ${balance.warehouse}: ${balance.says}`}>
      <line x1="0" x2={width} y1={y(0)} y2={y(0)} className="board-balance-zero" />
      {Number(balance.safety) ? <line x1="0" x2={width} y1={y(Number(balance.safety))} y2={y(Number(balance.safety))} className="board-balance-safety" /> : null}
      <path d={`${line}H${width - edge}`} className="board-balance-line" />
    </svg>
  );
}

export function Outcome({ answer, run, undoable, onUndo, onClose, navigate }) {
  const { balance, ok, says } = answer;
  const target = balance ? `/requirements?${new URLSearchParams({ run: String(run), item: balance.item, warehouse: balance.warehouse })}` : "";
  return (
    <div className="board-dock" role="group" aria-label="What the move led to">
      <div className="board-dock-head">
        <span className="status" data-tone={ok ? "good" : "bad"}>{ok ? "Done" : "Not done"}</span>
        <strong>{answer.card?.item ?? ""}</strong><span>{says}</span>
        <span className="board-dock-tools">
          {ok && undoable ? <button type="button" className="button" onClick={onUndo}>Undo</button> : null}
          <button type="button" className="button plain square" aria-label="Close" title="Close" onClick={onClose}>×</button>
        </span>
      </div>
      {balance ? (
        <div className="board-outcome">
          <Balance balance={balance} />
          <div>
            <div>Projected balance of <a href={target} onClick={(event) => { if (!event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); navigate(target); } }}>{balance.item}</a> in {balance.warehouse}, with the plan as it is decided now</div>
            <div className="status" data-tone={balance.is_short ? "bad" : "good"}>{balance.says}</div>
          </div>
        </div>
      ) : null}
    </div>
  );
}

const Choice = ({ label, value, options, all, onChange }) => (
  <select className="input" aria-label={label} value={value} data-set={value ? "true" : "false"} onChange={(event) => onChange(event.target.value)}>
    <option value="">{all}</option>
    {value && !options.some(([code]) => code === value) ? <option value={value}>{value}</option> : null}
    {options.map(([code, name]) => <option key={code} value={code}>{name || code}</option>)}
  </select>
);

export function Bar({ by, filters, choices, undoable, canEdit, onBy, onFilters, onUndo }) {
  const set = (name) => (value) => onFilters({ ...filters, [name]: value });
  const toggle = (name, word) => (
    <button type="button" className="rows-view board-toggle" aria-pressed={filters[name] === "1" ? "true" : "false"} onClick={() => set(name)(filters[name] === "1" ? "" : "1")}>{word}</button>
  );
  const isFiltered = Object.values(filters).some(Boolean);
  return (
    <div className="rows-bar board-bar">
      <div className="rows-views" role="group" aria-label="Columns of the board">
        {[["vendors", "Vendors"], ["weeks", "Weeks"]].map(([value, word]) => (
          <button key={value} type="button" className="rows-view" aria-pressed={by === value ? "true" : "false"} onClick={() => onBy(value)}>{word}</button>
        ))}
      </div>
      <input type="search" className="input board-text" aria-label="Find on the board" placeholder="Item, vendor or contract" value={filters.text} maxLength={200} onChange={(event) => set("text")(event.target.value)} />
      <Choice label="Vendor" value={filters.vendor} options={choices.vendors} all="All vendors" onChange={set("vendor")} />
      <Choice label="Item group" value={filters.group} options={choices.groups} all="All groups" onChange={set("group")} />
      <Choice label="Planner" value={filters.planner} options={choices.planners} all="All planners" onChange={set("planner")} />
      <div className="rows-views" role="group" aria-label="Only lines that are">{toggle("late", "Late")}{toggle("drifted", "Moved since")}</div>
      {isFiltered ? <button type="button" className="button plain" onClick={() => onFilters(Object.fromEntries(Object.keys(filters).map((name) => [name, ""])))}>Clear</button> : null}
      {canEdit ? <button type="button" className="button board-undo" disabled={!undoable} title="Take the last move back (Ctrl+Z)" onClick={onUndo}>Undo{undoable ? ` (${undoable})` : ""}</button> : null}
    </div>
  );
}
