// What happens between a changed cell and its row in the database: saves are sent one after another, so that each names the version
// that the one before it made; what is refused stays as typed, with its reason, until it is mended or given up; what was saved can be undone.
const MOST_UNDO = 20;
export const MOST_ROWS = 2000;
const MOST_CHARACTERS = 900_000; // of one message to the server
const SLOW = 20_000; // milliseconds without an answer
const STALE = "general.stale";

let serial = 0;
const place = (key, column) => `${key}|${column}`;

export class Saves {
  // send(message) hands a save to the server; changed(keys) redraws rows; saved(keys, set) is told after success; stirred() after any change.
  constructor(told) {
    this.told = told;
    this.cells = new Map(); // place -> { text, state: "saving" | "held" | "refused", says, set }
    this.rows = new Map(); // key -> says, for what stands against a row as a whole
    this.refused = []; // sets that were not saved, oldest first
    this.queue = [];
    this.sent = null;
    this.bumps = new Map(); // "key|version seen" -> version that our own save made of it
    this.alias = new Map(); // key of a removed row -> key of the row that an undo made of it
    this.undos = [];
    this.redos = [];
    this.heard = new Set(); // serials of acts of the page that are or were among the undos
    this.timer = null;
    this.isSlow = false;
  }

  cell(key, column) { return this.cells.get(place(key, column)); }

  // `changes`: [{ key, version, cells }]. Cells of a refused set that are changed again take that whole set along.
  save(act, changes, label, more = {}) {
    const mended = act === "edit" && changes.length === 1 ? this.refused.find((each) => each.changes.has(changes[0].key)) : null;
    if (mended) {
      Object.assign(mended.changes.get(changes[0].key).cells, changes[0].cells);
      this.again(mended);
      return mended;
    }
    const waiting = this.queue.find((each) => act === "edit" && each.act === "edit" && changes.length === 1 && each.changes.has(changes[0].key));
    if (waiting) {
      Object.assign(waiting.changes.get(changes[0].key).cells, changes[0].cells);
      waiting.label = label;
      this.mark(waiting);
      return waiting;
    }
    const set = { act, label, changes: new Map(changes.map((each, i) => [each.key || `new-${i}`, { ...each, cells: { ...each.cells } }])), ...more };
    this.submit(set);
    return set;
  }

  submit(set) {
    set.request = `${Date.now().toString(36)}-${(serial += 1)}`;
    set.problems = [];
    set.says = "";
    this.mark(set);
    this.queue.push(set);
    this.pump();
  }

  again(set) {
    this.refused = this.refused.filter((each) => each !== set);
    this.clear(set);
    this.submit(set);
  }

  mark(set) {
    for (const [key, change] of set.changes) {
      const isShown = change.key ? set.act !== "remove" : set.act === "new" && set.changes.size === 1; // several new rows have no place yet
      if (!isShown) continue;
      for (const [column, text] of Object.entries(change.cells)) this.cells.set(place(change.key ? key : "", column), { text, state: "saving", says: "", set });
    }
    this.redraw(set);
  }

  clear(set) {
    for (const [where, cell] of this.cells) if (cell.set === set) this.cells.delete(where);
    for (const key of set.changes.keys()) this.rows.delete(set.changes.get(key).key);
    this.redraw(set);
  }

  redraw(set) { this.told.changed([...set.changes.values()].map((each) => each.key)); this.told.stirred(); }

  version(key, seen) {
    let version = seen;
    for (let next = this.bumps.get(place(key, version)); next !== undefined; next = this.bumps.get(place(key, version))) version = next;
    return version;
  }

  pump() {
    if (this.sent || !this.queue.length) return;
    const set = (this.sent = this.queue.shift());
    const changes = [...set.changes.values()].map((each) => {
      const key = this.alias.get(each.key) ?? each.key;
      return { key, version: this.version(key, each.version), cells: each.cells };
    });
    const message = { request: set.request, act: set.act, changes };
    if (changes.length > MOST_ROWS || JSON.stringify(message).length > MOST_CHARACTERS) {
      this.answer({ request: set.request, saved: [], problems: [], says: `This is too much for one save. At most ${MOST_ROWS.toLocaleString()} rows are changed at a time.` });
      return;
    }
    this.isSlow = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.isSlow = true; this.told.stirred(); }, SLOW);
    this.told.send(message);
    this.told.stirred();
  }

  sendAgain() {
    const set = this.sent;
    if (!set) return;
    this.sent = null;
    this.queue.unshift(set);
    this.pump();
  }

  answer(outcome) {
    const set = this.sent;
    if (!set || outcome.request !== set.request) return;
    this.sent = null;
    this.isSlow = false;
    clearTimeout(this.timer);
    if (outcome.says || outcome.problems?.length) this.refuse(set, outcome); else this.accept(set, outcome.saved ?? []);
    this.pump();
    const { later } = this;
    if (later && !this.sent) { this.later = null; this.reverse(later); }
    this.told.stirred();
  }

  accept(set, saved) {
    const changes = [...set.changes.values()];
    saved.forEach((row, i) => {
      const change = changes[i];
      if (!change) return;
      const key = this.alias.get(change.key) ?? change.key;
      if (key && set.act !== "remove") this.bumps.set(place(row.key, this.version(key, change.version)), row.version);
      else if (set.removed?.[i]) this.alias.set(set.removed[i], row.key);
    });
    this.remember(set, changes, saved);
    for (const [where, cell] of [...this.cells]) if (cell.set === set) { cell.state = "saved"; if (!changes.length) this.cells.delete(where); }
    for (const each of changes) this.rows.delete(each.key);
    this.told.saved(saved.map((row) => row.key), set);
  }

  // The saved rows have been fetched again: what was typed gives way to what the database says.
  settled(set) {
    for (const [where, cell] of [...this.cells]) if (cell.set === set) this.cells.delete(where);
    this.redraw(set);
  }

  remember(set, changes, saved) {
    const kind = set.act === "remove" ? "remove" : changes.every((each) => !each.key) ? "new" : "cells";
    const entry = { kind, label: set.label, rows: saved.map((row) => ({ key: row.key, version: row.version, before: row.before })) };
    if (set.from === "undo") this.redos.push(entry);
    else {
      this.undos.push(entry);
      if (this.undos.length > MOST_UNDO) this.undos.shift();
      if (set.from !== "redo") this.redos.length = 0;
    }
  }

  // The page itself wrote these rows once more: what was saved of them before is undone from there.
  moved(keys) {
    const which = new Set(keys);
    const ends = new Map();
    for (const entry of [...this.undos, ...this.redos]) for (const row of entry.rows) if (which.has(row.key)) ends.set(place(row.key, this.version(row.key, row.version)), this.version(row.key, row.version));
    for (const [end, version] of ends) this.bumps.set(end, version + 1);
  }

  // What the page itself did, oldest first: news is the last change, and what it can take back no longer goes.
  hear(acts) {
    const known = new Set(acts.map((each) => each.serial));
    this.undos.splice(0, Infinity, ...this.undos.filter((each) => each.kind !== "page" || known.has(each.serial)));
    for (const { serial, label, rows } of acts) {
      if (this.heard.has(serial)) continue;
      this.heard.add(serial);
      const keys = rows ? rows.split(",") : [];
      this.moved(keys);
      this.undos.push({ kind: "page", label, keys, rows: [], serial });
      if (this.undos.length > MOST_UNDO) this.undos.shift();
      this.redos.length = 0;
    }
    this.told.stirred();
  }

  reverse(from) {
    if (this.sent || this.queue.length) { this.later = from; return null; } // first what is on its way
    if (from === "undo" && this.refused.length) { // what was not saved is the last change, to whoever made it
      const last = this.refused.at(-1);
      this.drop(last);
      this.told.givenUp(last);
      return null;
    }
    const entry = (from === "undo" ? this.undos : this.redos).pop();
    if (!entry) return null;
    const { rows, label } = entry;
    if (entry.kind === "page") {
      this.moved(entry.keys);
      this.redos.length = 0;
      this.told.undoneOutside(label);
      this.told.stirred();
      return null;
    }
    if (entry.kind === "new") return this.save("remove", rows.map(({ key, version }) => ({ key, version, cells: {} })), label, { from, entry });
    if (entry.kind === "remove") {
      return this.save("undo", rows.map(({ before }) => ({ key: "", version: 0, cells: before })), label, { from, entry, removed: rows.map((row) => row.key) });
    }
    return this.save("undo", rows.map(({ key, version, before }) => ({ key, version, cells: before })), label, { from, entry });
  }

  refuse(set, outcome) {
    set.says = outcome.says ?? "";
    set.problems = outcome.problems ?? [];
    const changes = [...set.changes.values()];
    for (const cell of this.cells.values()) if (cell.set === set) { cell.state = set.says ? "refused" : "held"; cell.says = set.says; }
    for (const problem of set.problems) {
      const key = changes[problem.row]?.key ?? problem.key;
      problem.at_key = key;
      if (problem.code === STALE) continue;
      const cell = problem.column ? this.cells.get(place(key, problem.column)) : null;
      if (cell?.set === set) Object.assign(cell, { state: "refused", says: problem.says }); else this.rows.set(key, problem.says);
    }
    this.refused.push(set);
    this.redraw(set);
    this.told.refused?.(set);
  }

  stale(set) { return set.problems.filter((each) => each.code === STALE); }

  // Leaves out some rows of a refused set and saves the others, if there are any.
  without(set, keys) {
    const left = new Set(keys);
    this.clear(set);
    for (const [at, change] of [...set.changes]) if (left.has(change.key) || left.has(at)) set.changes.delete(at);
    if (set.changes.size) this.again(set); else this.drop(set);
  }

  // Saves a refused set over what others wrote meanwhile. `versions`: by key, as they are now.
  over(set, versions) {
    for (const change of set.changes.values()) if (versions.has(change.key)) change.version = versions.get(change.key);
    this.again(set);
  }

  drop(set) {
    this.refused = this.refused.filter((each) => each !== set);
    this.clear(set);
    if (set.entry) (set.from === "undo" ? this.undos : this.redos).push(set.entry);
    this.told.stirred();
  }

  // Gives up one refused cell; the rest of its set is saved, for what stood in the way is gone.
  giveUp(key, column) {
    const cell = this.cell(key, column);
    if (!cell || cell.state === "saving") return false;
    const set = cell.set;
    const change = [...set.changes.values()].find((each) => each.key === key);
    if (set.act === "new" || !change) { this.cells.delete(place(key, column)); this.redraw(set); return true; }
    this.clear(set);
    delete change.cells[column];
    if (!Object.keys(change.cells).length) for (const [at, each] of [...set.changes]) if (each === change) set.changes.delete(at);
    if (set.changes.size) this.again(set); else this.drop(set);
    return true;
  }
}
