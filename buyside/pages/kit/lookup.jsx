// A field whose choices are looked up while somebody types: codes and names of one list or of several.
// Arrows go through them, Enter takes one, Escape leaves the list; what is typed stands where nothing is taken.
// A field of several holds them with commas between: the one that is being typed is looked up. A list `of` another field of the form
// has what belongs to that field's value alone.
import { useEffect, useId, useRef, useState } from "react";

const WAIT = 120; // milliseconds without a key

async function found(lists, text, of, signal) {
  const asked = lists.map(async ({ name, label }) => {
    const answer = await fetch(`/api/choices/${name}?${new URLSearchParams({ text, limit: "8", ...(of ? { of } : {}) })}`, { credentials: "same-origin", signal });
    if (!answer.ok) return [];
    return (await answer.json()).map(([code, says]) => ({ list: name, label, code, says }));
  });
  return (await Promise.all(asked)).flat();
}

export function Lookup({ lists, name, inputId, label, value, placeholder, refused, describedBy, isFind, isSeveral, of, without, onTake }) {
  const [text, setText] = useState(value ?? "");
  const [hits, setHits] = useState(null);        // null: the list is closed
  const [at, setAt] = useState(-1);
  const [lacks, setLacks] = useState(false);     // the field that this one depends on is empty
  const asking = useRef(null);
  const timer = useRef(null);
  const box = useRef(null);
  const id = useId();

  useEffect(() => { setText(value ?? ""); }, [value]);
  useEffect(() => () => { clearTimeout(timer.current); asking.current?.abort(); }, []);

  const close = () => { clearTimeout(timer.current); asking.current?.abort(); setHits(null); setAt(-1); };
  const before = (typed) => (isSeveral ? typed.slice(0, typed.lastIndexOf(",") + 1) : "");
  const look = (whole) => {
    const typed = whole.slice(before(whole).length).trim(), known = before(whole).split(",").map((each) => each.trim());
    const owner = of ? box.current?.closest("form")?.elements.namedItem(of)?.value.trim() ?? "" : "";
    clearTimeout(timer.current);
    setLacks(Boolean(of) && !owner);
    if (of && !owner) { setHits([]); return; }
    timer.current = setTimeout(async () => {
      asking.current?.abort();
      asking.current = new AbortController();
      try {
        const answer = (await found(lists, typed, owner, asking.current.signal)).filter((hit) => !known.includes(hit.code));
        setHits(answer);
        setAt(answer.length && (isFind || answer[0].code.toLowerCase() === typed.toLowerCase()) ? 0 : -1);
      } catch (problem) { if (problem.name !== "AbortError") setHits([]); }
    }, WAIT);
  };
  const take = (hit) => {
    close();
    setText((now) => (isFind ? "" : [before(now).trim(), hit.code].filter(Boolean).join(" ")));
    onTake?.({ list: hit.list, code: hit.code });
  };
  const onKeyDown = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (hits === null) return look(text);
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((now) => Math.max(0, Math.min(hits.length - 1, now + step)));
    } else if (event.key === "Enter" && hits?.[at]) {
      event.preventDefault();
      take(hits[at]);
    } else if (event.key === "Enter" && isFind) {
      event.preventDefault();
    } else if (event.key === "Escape" && hits !== null) {
      event.preventDefault(); event.stopPropagation();
      close();
    } else if (event.key === "Tab") close();
  };
  useEffect(() => { box.current?.querySelector("[aria-selected='true']")?.scrollIntoView({ block: "nearest" }); }, [at]);

  const isOpen = hits !== null && (text.trim() !== "" || hits.length > 0 || isSeveral);
  return (
    <div className="lookup" onBlur={(event) => { if (!event.currentTarget.contains(event.relatedTarget)) close(); }}>
      <input id={inputId || `${id}-field`} name={name || undefined} type="text" role="combobox" className="input" value={text}
        autoComplete="off" spellCheck={false} placeholder={placeholder || undefined} aria-label={inputId ? undefined : label}
        aria-expanded={isOpen} aria-controls={`${id}-list`} aria-autocomplete="list" aria-describedby={describedBy || undefined}
        aria-invalid={refused ? "true" : "false"} aria-activedescendant={isOpen && hits[at] ? `${id}-${at}` : undefined}
        onChange={(event) => { setText(event.target.value); if (event.target.value.trim() || isSeveral) look(event.target.value); else close(); }}
        onFocus={() => { if (isSeveral && !text) look(""); }}
        onKeyDown={onKeyDown} />
      <div id={`${id}-list`} ref={box} role="listbox" aria-label={label} className="find-list" hidden={!isOpen}>
        {(hits ?? []).map((hit, place) => (
          <div key={`${hit.list} ${hit.code}`} id={`${id}-${place}`} role="option" aria-selected={place === at} className="find-hit"
            onPointerDown={(event) => { event.preventDefault(); take(hit); }}>
            {lists.length > 1 ? <span className="find-kind">{hit.label}</span> : null}
            <span className="find-name">{hit.code}</span><span className="find-more clip">{hit.says}</span>
          </div>
        ))}
        {isOpen && !hits.length ? <div role="option" aria-selected="false" aria-disabled="true" className="find-none">{lacks ? without : isSeveral && !text.trim() ? "There is nothing to choose from." : "Nothing is called like that."}</div> : null}
      </div>
    </div>
  );
}
