// Filters that read as a sentence: one chip for each condition, and the editor behind a chip.
import { useEffect, useRef, useState } from "react";
import { familyOf, isCondition, operatorsOf, valuesWanted } from "./grid_address.jsx";
import { Combobox, sourceOf } from "./grid_editors.jsx";
import { Icon, Menu, Popover } from "./grid_parts.jsx";

const TEXT_WORDS = { contains: "contains", notContains: "does not contain", startsWith: "starts with", endsWith: "ends with", equals: "is exactly", notEqual: "is not", in: "is one of" };
const NUMBER_WORDS = { equals: "=", notEqual: "≠", lessThan: "<", lessThanOrEqual: "≤", greaterThan: ">", greaterThanOrEqual: "≥", inRange: "between" };
const DATE_WORDS = { equals: "is", notEqual: "is not", lessThan: "before", lessThanOrEqual: "until", greaterThan: "after", greaterThanOrEqual: "from", inRange: "between" };
const BOTH = { blank: "is empty", notBlank: "is filled", in: "is" };
const SPOKEN = { "=": "equals", "≠": "is not", "<": "less than", "≤": "at most", ">": "more than", "≥": "at least" };

const wordsOf = (column) => ({ ...BOTH, ...{ number: NUMBER_WORDS, date: DATE_WORDS }[familyOf(column)] ?? TEXT_WORDS });

function dayWords(value) {
  const from = /^today([+-]\d+)?$/.exec(value);
  if (from) {
    const days = Number(from[1] ?? 0);
    return days === 0 ? "today" : `${Math.abs(days)} ${Math.abs(days) === 1 ? "day" : "days"} ${days > 0 ? "from today" : "ago"}`;
  }
  const day = new Date(`${value}T00:00:00`);
  return Number.isNaN(day.getTime()) ? value : day.toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}

// [what, how, which]: "Lead days", "≥", "10".
export function sentenceOf(column, [operator, ...values]) {
  const verb = operator === "in" && column.words ? "is" : operator === "in" ? (values.length > 1 ? "is one of" : "is") : wordsOf(column)[operator];
  if (operator === "inRange" && familyOf(column) === "date" && values[0] === "today" && /^today\+\d+$/.test(values[1])) {
    return [column.label, "in the next", `${Number(values[1].slice(6)) + 1} days`];
  }
  if (operator === "inRange" && familyOf(column) === "date" && values[1] === "today" && /^today-\d+$/.test(values[0])) {
    return [column.label, "in the last", `${Number(values[0].slice(6)) + 1} days`];
  }
  const written = values.map((value) => (column.words ? column.words[value]?.[0] ?? value : familyOf(column) === "date" ? dayWords(value) : value));
  return [column.label, verb, written.join(operator === "in" ? " or " : " and ")];
}

const spokenOf = (column, condition) => sentenceOf(column, condition).map((each) => SPOKEN[each] ?? each).filter(Boolean).join(" ");

function WordBoxes({ column, values, onChange }) {
  const chosen = new Set(values);
  return (
    <div className="pick-list" role="group" aria-label={`${column.label} is`}>
      {Object.entries(column.words).map(([value, [word]], i) => (
        <label key={value}><input type="checkbox" checked={chosen.has(value)} data-first={i === 0 ? true : undefined} onChange={() => {
          chosen.has(value) ? chosen.delete(value) : chosen.add(value);
          onChange(chosen.size ? ["in", ...chosen] : null);
        }} />{word}</label>
      ))}
    </div>
  );
}

function ManyValues({ column, values, onChange }) {
  const source = sourceOf(column, null) ?? { look: async () => [], isCode: true };
  const [round, setRound] = useState(0);
  return (
    <div className="many">
      {values.map((value) => (
        <span key={value} className="many-one">{value}<button type="button" aria-label={`Without ${value}`} onClick={() => onChange(values.filter((each) => each !== value))}><Icon name="cross" /></button></span>
      ))}
      <Combobox key={round} source={source} value="" label={`Add to ${column.label}`} placeholder={column.refers ? "Code or name" : "Type and Enter"} autoFocus
        onPick={(value) => { if (value && !values.includes(value)) onChange([...values, value]); setRound(round + 1); }} />
    </div>
  );
}

const DAYS_AHEAD = [["Today", ["equals", "today"]], ["Next 7 days", ["inRange", "today", "today+6"]], ["Next 30 days", ["inRange", "today", "today+29"]],
  ["Last 7 days", ["inRange", "today-6", "today"]], ["Last 30 days", ["inRange", "today-29", "today"]], ["Past", ["lessThan", "today"]]];

// Edits one condition. What is complete counts at once; Enter closes.
export function FilterEditor(props) {
  const box = useRef(null);
  useEffect(() => { (box.current.querySelector("[data-first]") ?? box.current.querySelector("input, select"))?.focus(); }, []);
  return <div ref={box}><Condition {...props} /></div>;
}

function Condition({ column, condition, onChange, onClose }) {
  const family = familyOf(column);
  const [operator, setOperator] = useState(condition?.[0] ?? operatorsOf(column)[0] ?? "contains");
  const [values, setValues] = useState(condition?.slice(1) ?? []);
  if (family === "words") return <WordBoxes column={column} values={values} onChange={(next) => { setValues(next?.slice(1) ?? []); onChange(next); }} />;
  const wanted = valuesWanted(operator);
  const tell = (how, which) => {
    const next = [how, ...(how === "in" ? which : which.slice(0, valuesWanted(how)))];
    if (isCondition(column, next)) onChange(next); else if (which.every((each) => !each)) onChange(null);
  };
  const change = (place, value) => { const next = [...values]; next[place] = value; setValues(next); tell(operator, next.map((each) => each ?? "")); };
  const type = { number: "number", date: "date" }[family] ?? "text";
  const label = (place) => (wanted === 2 ? `${column.label}, ${place ? "to" : "from"}` : `${column.label} ${SPOKEN[wordsOf(column)[operator]] ?? wordsOf(column)[operator]}`);
  return (
    <div className="filter-editor" onKeyDown={(event) => { if (event.key === "Enter" && event.target.tagName === "INPUT" && !event.defaultPrevented) { event.preventDefault(); onClose(); } }}>
      <select className="input" aria-label={`How ${column.label} is compared`} value={operator} onChange={(event) => {
        setOperator(event.target.value);
        const next = event.target.value === "in" || operator === "in" ? values.filter(Boolean) : values;
        tell(event.target.value, next);
      }}>
        {operatorsOf(column).map((each) => <option key={each} value={each}>{wordsOf(column)[each]}</option>)}
      </select>
      {operator === "in" ? <ManyValues column={column} values={values.filter(Boolean)} onChange={(next) => { setValues(next); if (next.length) tell("in", next); else onChange(null); }} />
        : Array.from({ length: wanted }, (_, place) => (
          <input key={place} className="input" type={type} step="any" value={/^today/.test(values[place] ?? "") ? "" : values[place] ?? ""} aria-label={label(place)}
            data-first={place === 0 ? true : undefined} autoComplete="off" onChange={(event) => change(place, event.target.value)} />
        ))}
      {family === "date" && (
        <div className="filter-days" role="group" aria-label="Days from today">
          {DAYS_AHEAD.map(([word, next]) => (
            <button key={word} type="button" className="chip-pick" aria-pressed={JSON.stringify(next) === JSON.stringify(condition)}
              onClick={() => { setOperator(next[0]); setValues(next.slice(1)); onChange(next); }}>{word}</button>
          ))}
        </div>
      )}
    </div>
  );
}

function Chip({ column, condition, onChange, onRemove }) {
  const [button, setButton] = useState(null);
  const [what, how, which] = sentenceOf(column, condition);
  return (
    <span className="chip">
      <button type="button" className="chip-says" aria-haspopup="dialog" aria-expanded={Boolean(button)} aria-label={`Filter: ${spokenOf(column, condition)}`}
        onClick={(event) => setButton(button ? null : event.currentTarget)} onKeyDown={(event) => { if (event.key === "Delete" || event.key === "Backspace") onRemove(); }}>
        <span className="chip-what">{what}</span> <span className="chip-how">{how}</span>{which && <> <b>{which}</b></>}
      </button>
      <button type="button" className="chip-drop" aria-label={`Remove filter: ${spokenOf(column, condition)}`} onClick={onRemove}><Icon name="cross" /></button>
      {button && (
        <Popover anchor={button} label={`Filter by ${column.label}`} onClose={() => setButton(null)}>
          <FilterEditor column={column} condition={condition} onClose={() => setButton(null)} onChange={(next) => (next ? onChange(next) : onRemove())} />
        </Popover>
      )}
    </span>
  );
}

// The list of columns to filter by, and then the editor of the one that was picked.
function NewFilter({ columns, filter, onChange, close }) {
  const [column, setColumn] = useState(null);
  const [sought, setSought] = useState("");
  if (column) {
    return <><p className="popover-head">{column.label}</p><FilterEditor column={column} condition={filter[column.name]} onChange={(next) => onChange(column.name, next)} onClose={close} /></>;
  }
  const found = columns.filter((each) => each.filterable && each.label.toLowerCase().includes(sought.trim().toLowerCase()));
  return (
    <div className="menu-list" onKeyDown={(event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const stops = [...event.currentTarget.querySelectorAll("input, button")];
      stops[(stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : stops.length - 1)) % stops.length]?.focus();
      event.preventDefault();
    }}>
      <input className="input" data-first type="text" value={sought} placeholder="Column" aria-label="Column to filter by" autoComplete="off" onChange={(event) => setSought(event.target.value)}
        onKeyDown={(event) => { if (event.key === "Enter" && found.length) { event.preventDefault(); setColumn(found[0]); } }} />
      <div className="menu-scroll">
        {found.map((each) => <button key={each.name} type="button" className="menu-entry" onClick={() => setColumn(each)}>{each.label}</button>)}
        {!found.length && <p className="combo-none">No such column.</p>}
      </div>
    </div>
  );
}

export const AddFilter = ({ columns, filter, onChange, text = "Filter" }) => (
  <Menu name="Add filter" icon={text === "Filter" ? "funnel" : "plus"} text={text} align="start" title="Narrow these rows by a column">
    {(close) => <NewFilter columns={columns} filter={filter} onChange={onChange} close={close} />}
  </Menu>
);

// "Items where … and …".
export function Sentence({ columns, noun, filter, onChange, onClear }) {
  const known = new Map(columns.map((each) => [each.name, each]));
  const parts = Object.entries(filter).filter(([name]) => known.has(name));
  if (!parts.length) return null;
  return (
    <div className="rows-sentence" role="group" aria-label="Filters">
      <span className="quiet">{noun.charAt(0).toUpperCase() + noun.slice(1)} where</span>
      {parts.map(([name, condition], i) => (
        <span key={name} className="chip-place">
          {i > 0 && <span className="quiet">and</span>}
          <Chip column={known.get(name)} condition={condition} onChange={(next) => onChange(name, next)} onRemove={() => onChange(name, null)} />
        </span>
      ))}
      <AddFilter columns={columns} filter={filter} onChange={onChange} text="And" />
      <button type="button" className="button plain" onClick={onClear}>Clear {parts.length === 1 ? "filter" : `${parts.length} filters`}</button>
    </div>
  );
}
