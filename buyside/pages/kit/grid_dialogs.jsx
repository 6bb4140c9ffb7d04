// What the grid says when a save did not go through: cell by cell, or because somebody else was faster. And the list of keys.
import { Modal, count } from "./grid_parts.jsx";
import { textIn } from "./grid_columns.jsx";

const worded = (column, text) => column?.words?.[text]?.[0] ?? text;
const Nothing = ({ text }) => (text === "" || text == null ? <i className="quiet">empty</i> : text);

// Yours and theirs, side by side. `facts`: by key, the row as it is now and as it was when the person saw it.
export function Conflict({ set, stale, columns, facts, nameOf, one, noun, onTheirs, onMine, onClose }) {
  const known = new Map(columns.map((each) => [each.name, each]));
  const keys = [...new Set(stale.map((each) => each.at_key))];
  const changes = new Map([...set.changes.values()].map((each) => [each.key, each]));
  const rows = keys.slice(0, 50).flatMap((key) => {
    const problem = stale.find((each) => each.at_key === key);
    const { now, seen } = facts.get(key) ?? {};
    const mine = changes.get(key)?.cells ?? {};
    const touched = Object.keys(mine);
    const others = now && seen ? columns.filter((each) => !touched.includes(each.name) && textIn(each, now) !== textIn(each, seen)) : [];
    const named = { key, name: nameOf(now ?? seen, key), by: problem.by, at: problem.at, isGone: facts.has(key) && !now };
    return [
      ...touched.map((name) => ({ ...named, label: known.get(name)?.label ?? name, yours: worded(known.get(name), mine[name]),
        theirs: now && known.has(name) ? textIn(known.get(name), now) : worded(known.get(name), problem.theirs?.[name] ?? "") })),
      ...others.map((each) => ({ ...named, label: each.label, yours: null, theirs: textIn(each, now), before: textIn(each, seen) })),
    ];
  });
  const { by, at } = stale[0];
  const who = by || "Somebody else";
  return (
    <Modal title={keys.length === 1 ? `${nameOf(facts.get(keys[0])?.now, keys[0])} was changed meanwhile` : `${count(keys.length, one, noun)} were changed meanwhile`}
      says={`${who} changed ${keys.length === 1 ? "it" : "the first of them"}${at ? `, ${at}` : ""}. Nothing of yours is saved yet.`} className="wide" onClose={onClose}>
      <div className="table-wrap">
        <table className="table conflict">
          <thead><tr>{keys.length > 1 && <th scope="col">Row</th>}<th scope="col">Field</th><th scope="col">Yours</th><th scope="col">Theirs, now</th></tr></thead>
          <tbody>
            {rows.map((each, i) => (
              <tr key={i}>
                {keys.length > 1 && <td>{each.name}</td>}
                <td>{each.label}</td>
                <td>{each.yours === null ? <span className="quiet">not changed</span> : <ins><Nothing text={each.yours} /></ins>}</td>
                <td>{each.isGone ? <i className="quiet">the row is gone</i> : <><Nothing text={each.theirs} />{each.before !== undefined && <span className="quiet"> (was <Nothing text={each.before} />)</span>}</>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="dialog-foot">
        <button type="button" className="button" data-first onClick={onTheirs}>Keep theirs</button>
        <button type="button" className="button primary" disabled={rows.some((each) => each.isGone)} onClick={onMine}>Save mine</button>
      </div>
    </Modal>
  );
}

// Everything that stands against a save, row by row, for what is not in sight.
export function Problems({ set, columns, nameOf, onGo, onClose }) {
  const labels = new Map(columns.map((each) => [each.name, each.label]));
  const changes = [...set.changes.values()];
  return (
    <Modal title={`${count(set.problems.length, "finding")} against: ${set.label}`} says="Nothing of it is saved." className="wide" onClose={onClose}>
      <div className="table-wrap tall">
        <table className="table">
          <thead><tr><th scope="col">Row</th><th scope="col">Field</th><th scope="col">Why not</th></tr></thead>
          <tbody>
            {set.problems.slice(0, 200).map((each, i) => (
              <tr key={i}>
                <td><button type="button" className="link" onClick={() => onGo(each)}>{changes[each.row]?.key ? nameOf(null, each.at_key) : `New row ${each.row + 1}`}</button></td>
                <td>{labels.get(each.column) ?? ""}</td><td>{each.says}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {set.problems.length > 200 && <p className="quiet">The first 200 are listed.</p>}
      <div className="dialog-foot"><button type="button" className="button" data-first onClick={onClose}>Close</button></div>
    </Modal>
  );
}

const MOVING = [["Arrows", "From cell to cell"], ["Home, End", "First and last column"], ["Ctrl Home, Ctrl End", "First and last row"], ["Page Up, Page Down", "A screen up or down"],
  ["Shift arrows", "Mark several cells"], ["Ctrl C", "Copy the marked cells, or the chosen rows"]];
const EDITING = [["Enter, F2 or typing", "Edit the cell"], ["Enter", "Save it"], ["Tab, Shift Tab", "Save it and edit the next, or the one before"], ["Esc", "Leave it as it was"],
  ["Space", "Turn a yes or no; on other cells, choose the row"], ["Shift Space", "Choose the row"], ["Delete", "Empty the marked cells"], ["Ctrl D", "Fill down from the first marked cell"],
  ["Ctrl V", "Paste cells from a spreadsheet"], ["Ctrl Z, Ctrl Y", "Undo, and do again"], ["Ctrl Enter", "Open the row"]];
const OPENING = [["Enter", "Open the row"], ["Ctrl Enter", "Open the row from any cell"], ["Space", "Choose the row, where rows are chosen"]];
const EVERYWHERE = [["Alt ↓ in a heading", "Filter by the column"], ["Enter in a heading", "Sort by it; with Shift, as well"], ["F6", "To the panel beside the list, and back"], ["/", "Search everything"], ["?", "This list"]];

export function Keys({ isEditable, onClose }) {
  const groups = [["Moving", MOVING], isEditable ? ["Editing", EDITING] : ["Rows", OPENING], ["Around", EVERYWHERE]];
  return (
    <Modal title="Keys of the grid" className="wide" onClose={onClose}>
      <div className="key-groups">
        {groups.map(([name, keys]) => (
          <section key={name}><h3>{name}</h3><dl>{keys.map(([key, says]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{says}</dd></div>)}</dl></section>
        ))}
      </div>
      <div className="dialog-foot"><button type="button" className="button" data-first onClick={onClose}>Close</button></div>
    </Modal>
  );
}
