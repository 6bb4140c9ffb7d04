// The bar of chosen rows: one value for all of them, retire, remove, copy.
import { useState } from "react";
import { ValueField } from "./grid_editors.jsx";
import { Icon, Menu, Modal, count } from "./grid_parts.jsx";
import { MOST_ROWS } from "./grid_saving.jsx";

function SetValue({ columns, number, one, noun, onSet, close }) {
  const [name, setName] = useState(columns[0]?.name ?? "");
  const [value, setValue] = useState("");
  const column = columns.find((each) => each.name === name);
  const set = () => { onSet(column, value); close(); };
  return (
    <form className="set-value" onSubmit={(event) => { event.preventDefault(); set(); }}>
      <select className="input" data-first aria-label="Column to set" value={name} onChange={(event) => { setName(event.target.value); setValue(""); }}>
        {columns.map((each) => <option key={each.name} value={each.name}>{each.label}</option>)}
      </select>
      {column && <ValueField key={name} column={column} value={value} onValue={setValue} label={`New value of ${column.label}`} />}
      <button type="submit" className="button primary">{value === "" ? "Empty" : "Set"} in {count(number, one, noun)}</button>
    </form>
  );
}

export function ChosenBar({ number, total, isAll, one, noun, columns, flag, canRemove, onSet, onRemove, onAll, onNone, onCopy, isBusy, isMore }) {
  const [asks, setAsks] = useState("");
  const flagged = flag && columns.find((each) => each.name === flag);
  const isTooMany = total > MOST_ROWS || isMore;
  return (
    <div className="rows-chosen" role="group" aria-label={`Chosen ${noun}`}>
      <b>{count(number, one, noun)} chosen</b>
      {!isAll && total > number && (isTooMany
        ? <span className="quiet">At most {MOST_ROWS.toLocaleString()} rows are changed at a time; narrow the filter to choose all.</span>
        : <button type="button" className="button plain" disabled={isBusy} onClick={onAll}>{isBusy ? "Choosing…" : `Choose all ${total.toLocaleString()} of this filter`}</button>)}
      <span className="rows-chosen-acts">
        {columns.length > 0 && (
          <Menu name="Set a value" text="Set…" look="" align="start" className="wide">
            {(close) => <SetValue columns={columns.filter((each) => each.name !== flag)} number={number} one={one} noun={noun} onSet={onSet} close={close} />}
          </Menu>
        )}
        {flagged && <button type="button" className="button" onClick={() => onSet(flagged, "false")}>Retire</button>}
        {flagged && <button type="button" className="button plain" onClick={() => onSet(flagged, "true")}>Take up again</button>}
        {canRemove && <button type="button" className="button danger" onClick={() => setAsks("remove")}>Remove…</button>}
        <button type="button" className="button plain" onClick={onCopy}>Copy</button>
        <button type="button" className="button plain square" aria-label="Choose none" title="Choose none" onClick={onNone}><Icon name="cross" /></button>
      </span>
      {asks === "remove" && (
        <Modal title={`Remove ${count(number, one, noun)}?`} says={`Only ${noun} that nothing refers to can go. Undo brings them back.`} onClose={() => setAsks("")}>
          <div className="dialog-foot">
            <button type="button" className="button" data-first onClick={() => setAsks("")}>Back</button>
            <button type="button" className="button danger" onClick={() => { setAsks(""); onRemove(); }}>Remove</button>
          </div>
        </Modal>
      )}
    </div>
  );
}
