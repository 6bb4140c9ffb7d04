// Cells to and from spreadsheets, as tab-separated text with quotes where a cell holds tabs or lines.

export function readTable(text) {
  const rows = [];
  let row = [];
  let cell = "";
  let isQuoted = false;
  const source = text.replace(/\r\n?/g, "\n");
  for (let i = 0; i < source.length; i += 1) {
    const letter = source[i];
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (source[i + 1] === '"') { cell += '"'; i += 1; } else isQuoted = false;
    } else if (letter === '"' && cell === "") isQuoted = true;
    else if (letter === "\t") { row.push(cell); cell = ""; }
    else if (letter === "\n") { row.push(cell); rows.push(row); row = []; cell = ""; }
    else cell += letter;
  }
  if (cell !== "" || row.length) { row.push(cell); rows.push(row); }
  return rows.map((cells) => cells.map((each) => each.trim()));
}

const written = (text) => (/[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
export const writeTable = (rows) => rows.map((cells) => cells.map((each) => written(String(each ?? ""))).join("\t")).join("\n");

const ON = new Set(["true", "yes", "1", "x", "ja", "wahr", "oui", "vrai", "sí", "si", "✓"]);
const OFF = new Set(["false", "no", "0", "nein", "falsch", "non", "faux", "-"]);

// A pasted text as its column takes it: words by what they are called, flags by what spreadsheets write. The rest is the server's to read.
export function pastedText(column, text) {
  const small = text.toLowerCase();
  if (column.kind === "flag") return ON.has(small) ? "true" : OFF.has(small) ? "false" : text;
  if (!column.words) return text;
  return Object.entries(column.words).find(([value, [word]]) => value.toLowerCase() === small || word.toLowerCase() === small)?.[0] ?? text;
}
