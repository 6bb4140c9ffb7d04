// How the grid gets its rows: in pages while scrolling, some again by key, all of a filter for changes of many.
import { useCallback, useMemo, useRef } from "react";
import { modelOf } from "./grid_address.jsx";
import { MOST_ROWS } from "./grid_saving.jsx";

const AGAIN = 200; // rows fetched again by key in one request
const PAGE = 500; // the most rows of one request

export function useRows({ url, columns, viewFilter, filter, quick, scopeText, onTrouble, onTotal }) {
  const ends = useRef(new Map()); // where pages end, so that the next one continues from there
  const columnsText = JSON.stringify(columns.map(({ name, kind }) => [name, kind]));
  const filterText = JSON.stringify({
    ...(viewFilter ?? {}),
    ...Object.fromEntries(Object.entries(filter).map(([name, condition]) => [name, modelOf(columns.find((each) => each.name === name), condition)])),
  });

  const asked = useCallback((sort) => new URLSearchParams({
    sort: JSON.stringify(sort.map(({ colId, sort: direction }) => ({ colId, sort: direction }))), filter: filterText, quick, scope: scopeText,
  }), [filterText, quick, scopeText]);

  const fetchJson = useCallback(async (query) => {
    const answered = await fetch(`${url}?${query}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (answered.status === 401) { window.location.assign("/auth/sign-in"); throw new Error("signed out"); }
    const body = await answered.json().catch(() => ({}));
    if (!answered.ok) throw new Error(body.says ?? "The list could not be loaded.");
    return body;
  }, [url]);

  const latest = useRef(null); // answers that come late for another filter say nothing of this one
  const datasource = useMemo(() => (latest.current = {
    async getRows(p) {
      const query = asked(p.sortModel);
      const ordering = query.toString();
      if (ends.current.ordering !== ordering) { ends.current = new Map(); ends.current.ordering = ordering; }
      query.set("start", p.startRow);
      query.set("end", p.endRow);
      const after = ends.current.get(p.startRow);
      if (after) query.set("after", after);
      try {
        const got = await fetchJson(query);
        if (got.after) ends.current.set(p.endRow, got.after);
        if (latest.current === this) { onTrouble(""); onTotal({ shown: got.total, text: got.total_text }); }
        p.successCallback(got.rows, got.total);
      } catch (error) {
        if (latest.current === this) onTrouble(error.message);
        p.failCallback();
      }
    },
  }), [asked, fetchJson, columnsText]);

  // Rows by key, as they are now. Those that are gone are missing.
  const byKey = useCallback(async (keys) => {
    const found = new Map();
    for (let i = 0; i < keys.length; i += AGAIN) {
      const got = await fetchJson(new URLSearchParams({ ids: keys.slice(i, i + AGAIN).join(","), scope: scopeText }));
      for (const row of got.rows) found.set(String(row.id), row);
    }
    return found;
  }, [fetchJson, scopeText]);

  // Rows from a place in the list on, at most as many as one save reaches.
  const between = useCallback(async (sort, first, last) => {
    const rows = [];
    let after = "";
    for (let start = first; start < last && rows.length < MOST_ROWS;) {
      const query = asked(sort);
      query.set("start", start);
      query.set("end", Math.min(start + PAGE, last));
      if (after) query.set("after", after);
      const got = await fetchJson(query);
      rows.push(...got.rows);
      after = got.after;
      start += PAGE;
      if (got.rows.length < PAGE) break;
    }
    return rows;
  }, [asked, fetchJson]);

  const forget = useCallback(() => { ends.current = new Map(); }, []);
  return { asked, datasource, byKey, between, forget };
}
