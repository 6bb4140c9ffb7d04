// Filters, sort orders and views as texts: what the address bar carries, what a saved view keeps, and what the server is asked.
// Everything that comes from an address is compared with the columns of the page; what does not fit is left out and told.
const NUMERIC = new Set(["number", "quantity", "money", "price", "percent"]);
const DATED = new Set(["date", "instant"]);
const TEXTS = ["contains", "notContains", "startsWith", "endsWith", "equals", "notEqual"];
const COMPARED = ["equals", "notEqual", "lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual", "inRange"];
const LONGEST = 4000;
const LONGEST_VALUE = 200;
const MOST_VALUES = 100;
const OWN = ["view", "filter", "sort", "quick"];

export const familyOf = (column) =>
  column.words ? "words" : NUMERIC.has(column.kind) ? "number" : DATED.has(column.kind) ? "date" : column.refers ? "reference" : "text";

export const operatorsOf = (column) => ({
  words: ["in"],
  number: [...COMPARED, "blank", "notBlank"],
  date: [...COMPARED, "blank", "notBlank"],
  reference: ["in", ...TEXTS, "blank", "notBlank"],
  text: [...TEXTS, "in", "blank", "notBlank"],
})[familyOf(column)];

export const valuesWanted = (operator) => (operator === "blank" || operator === "notBlank" ? 0 : operator === "inRange" ? 2 : 1);

const isValue = (column, value) => {
  if (typeof value !== "string" || !value || value.length > LONGEST_VALUE || value.includes("\0")) return false;
  if (column.words) return Object.hasOwn(column.words, value);
  if (NUMERIC.has(column.kind)) return /^-?\d{1,18}(\.\d{1,10})?$/.test(value);
  if (!DATED.has(column.kind)) return true;
  if (/^today([+-]\d{1,3})?$/.test(value)) return true;
  return /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString().startsWith(value);
};

// One condition, [operator, value, …], if the column takes it.
export function isCondition(column, condition) {
  if (!column?.filterable || !Array.isArray(condition)) return false;
  const [operator, ...values] = condition;
  if (!operatorsOf(column).includes(operator)) return false;
  const isCount = operator === "in" ? values.length > 0 && values.length <= MOST_VALUES : values.length === valuesWanted(operator);
  return isCount && values.every((value) => isValue(column, value));
}

// What the server reads (queries/row_filters.py).
export function modelOf(column, [operator, first, last, ...more]) {
  if (operator === "in") return { filterType: "set", type: "in", values: [first, last, ...more].filter((each) => each !== undefined) };
  if (valuesWanted(operator) === 0) return { type: operator };
  if (DATED.has(column.kind)) return { filterType: "date", type: operator, dateFrom: first, dateTo: last };
  if (NUMERIC.has(column.kind)) return { filterType: "number", type: operator, filter: first, filterTo: last };
  return { filterType: "text", type: operator, filter: first };
}

const named = (columns) => new Map(columns.map((each) => [each.name, each]));
const plain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// What is left of a content once everything has gone that this page does not know; `left` counts what went.
export function fitted(content, columns, views, savedViews) {
  const known = named(columns);
  let left = 0;
  const filter = {};
  for (const [name, condition] of Object.entries(plain(content.filter) ? content.filter : {})) {
    if (isCondition(known.get(name), condition)) filter[name] = condition; else left += 1;
  }
  const sort = [];
  for (const pair of Array.isArray(content.sort) ? content.sort : []) {
    const [name, direction] = Array.isArray(pair) ? pair : [];
    const isSort = known.get(name)?.sortable && (direction === "asc" || direction === "desc") && !sort.some(([each]) => each === name);
    if (isSort && sort.length < 3) sort.push([name, direction]); else left += 1;
  }
  const seen = new Set();
  const kept = [];
  for (const each of Array.isArray(content.columns) ? content.columns : []) {
    if (!plain(each) || !known.has(each.name) || seen.has(each.name)) continue;
    seen.add(each.name);
    const width = Number.isInteger(each.width) && each.width >= 40 && each.width <= 2000 ? each.width : 0;
    kept.push({ name: each.name, width, is_hidden: each.is_hidden === true, pinned: ["left", "right"].includes(each.pinned) ? each.pinned : "" });
  }
  let view = typeof content.view === "string" ? content.view : "";
  const isView = (views ?? []).some((each) => each.key === view) || (savedViews ?? []).some((each) => `saved-${each.id}` === view);
  if (view && !isView) { left += 1; view = ""; }
  const quick = typeof content.quick === "string" ? content.quick.replaceAll("\0", "").slice(0, LONGEST_VALUE) : "";
  return { content: { view, filter, sort, columns: kept, quick }, left };
}

// What an address asks for, unread texts and all; null when it asks for nothing of the grid.
export function fromAddress(search) {
  const parameters = new URLSearchParams(search);
  if (!OWN.some((name) => parameters.has(name))) return null;
  let left = 0;
  let filter = {};
  const text = parameters.get("filter") ?? "";
  if (text) {
    try {
      filter = text.length <= LONGEST ? JSON.parse(text) : null;
    } catch { filter = null; }
    if (!plain(filter)) { filter = {}; left += 1; }
  }
  const sort = (parameters.get("sort") ?? "").slice(0, LONGEST).split(",").filter(Boolean).slice(0, 20)
    .map((each) => (each.startsWith("-") ? [each.slice(1), "desc"] : [each, "asc"]));
  return { content: { view: parameters.get("view") ?? "", filter, sort, quick: parameters.get("quick") ?? "", columns: [] }, left };
}

// The same address with the grid's part of it renewed; what other parts of the page put there stays.
export function toAddress(location, { view, filter, sort, quick }) {
  const parameters = new URLSearchParams(location.search);
  const wanted = {
    view, quick, sort: sort.map(([name, direction]) => (direction === "desc" ? `-${name}` : name)).join(","),
    filter: Object.keys(filter).length ? JSON.stringify(filter) : "",
  };
  for (const name of OWN) if (wanted[name]) parameters.set(name, wanted[name]); else parameters.delete(name);
  const text = parameters.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return location.pathname + (text ? `?${text}` : "") + location.hash;
}
