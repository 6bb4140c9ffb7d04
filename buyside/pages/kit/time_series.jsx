// Values over time on an axis of days: steps that hold until the next one, bars, single points, levels across, and where today is.
// Pixels only: the exact numbers stand in a table beside it.
import { useMemo } from "react";
import {
  Bar, CartesianGrid, ComposedChart, Legend, Line, ReferenceLine, ResponsiveContainer, Scatter, Tooltip, XAxis, YAxis,
} from "recharts";

const QUIET = "var(--gray-11)";
const DAY = 86400000;
const DASHES = { solid: undefined, dashed: "5 4", dotted: "2 3" };

// First days of months, as many as there is room for, in UTC: a date is a date wherever the reader sits.
function monthTicks(start, end) {
  const first = new Date(start * DAY), last = new Date(end * DAY);
  const months = (last.getUTCFullYear() - first.getUTCFullYear()) * 12 + last.getUTCMonth() - first.getUTCMonth();
  const every = [1, 2, 3, 6, 12].find((each) => months / each <= 12) ?? 24;
  const ticks = [];
  for (let place = 0; place <= months + 1; place += 1) {
    const day = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + place, 1);
    if (new Date(day).getUTCMonth() % every === 0 && day / DAY >= start && day / DAY <= end) ticks.push(day / DAY);
  }
  return ticks;
}

// Round numbers from below the least to above the most value, about five of them.
function valueTicks(least, most) {
  const span = most - least || Math.abs(most) || 1;
  const rough = span / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const first = Math.floor(least / step), last = Math.ceil(most / step);
  return Array.from({ length: last - first + 1 }, (_, place) => Number(((first + place) * step).toPrecision(12)));
}

export function TimeSeries({ label, rows, marks, levels, start, end, today, todaySays, locale, unit, axis, height, fromZero }) {
  const language = (locale || "en").replace("_", "-");
  const words = useMemo(() => ({
    month: new Intl.DateTimeFormat(language, { month: "short", timeZone: "UTC" }),
    year: new Intl.DateTimeFormat(language, { month: "short", year: "2-digit", timeZone: "UTC" }),
    day: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }),
    number: new Intl.NumberFormat(language, { maximumFractionDigits: 6 }),
  }), [language]);
  const ticks = useMemo(() => monthTicks(start, end), [start, end]);
  const inMonth = (day) => {
    const date = new Date(day * DAY);
    return (date.getUTCMonth() === 0 || day === ticks[0] ? words.year : words.month).format(date);
  };
  const shown = levels ?? [];
  const values = useMemo(() => {
    const all = [...rows.flatMap((row) => marks.map((each) => row[each.key])), ...shown.map((each) => each.value)].filter((each) => typeof each === "number");
    const least = Math.min(...all), most = Math.max(...all);
    const room = fromZero ? 0 : (most - least || Math.abs(most)) * 0.25;
    return all.length ? valueTicks(fromZero ? Math.min(0, least) : Math.max(Math.min(0, least), least - room), most + room) : [0, 1];
  }, [rows, marks, levels, fromZero]);
  return (
    <figure className="chart" role="img" aria-label={label}>
      <ResponsiveContainer width="100%" height={height || 220}>
        <ComposedChart data={rows} margin={{ top: axis ? 20 : 14, right: 14, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--gray-6)" strokeDasharray="2 3" />
          <XAxis dataKey="t" type="number" domain={[start, end]} allowDataOverflow ticks={ticks} tickFormatter={inMonth}
            stroke={QUIET} tickLine={false} fontSize={11} minTickGap={18} />
          <YAxis stroke={QUIET} tickLine={false} axisLine={false} width={62} fontSize={11} tickFormatter={words.number.format}
            domain={[values[0], values.at(-1)]} ticks={values} interval={0}
            label={axis ? { value: axis, position: "top", offset: 4, fontSize: 11, fill: QUIET } : undefined} />
          <Tooltip isAnimationActive={false} labelFormatter={(day) => words.day.format(new Date(day * DAY))}
            formatter={(value, name) => [`${words.number.format(value)} ${unit ?? ""}`, name]}
            contentStyle={{ background: "var(--color-panel-solid)", border: "1px solid var(--gray-6)", borderRadius: 4, fontSize: 12 }}
            itemStyle={{ color: "var(--gray-12)", padding: 0 }} labelStyle={{ color: QUIET }} />
          <Legend iconSize={9} wrapperStyle={{ fontSize: 12 }} itemSorter={null}
            formatter={(word) => <span style={{ color: "var(--gray-12)" }}>{word}</span>} />
          {shown.map((each, place) => (
            <ReferenceLine key={each.says} y={each.value} stroke={each.colour} strokeDasharray="4 3"
              label={{ value: each.says, position: place % 2 ? "insideBottomRight" : "insideBottomLeft", fontSize: 11, fill: QUIET }} />
          ))}
          {today ? (
            <ReferenceLine x={today} stroke="var(--gray-8)" label={{ value: todaySays, position: "top", fontSize: 11, fill: QUIET }} />
          ) : null}
          {marks.map((each) => each.look === "bars"
            ? <Bar key={each.key} dataKey={each.key} name={each.name} fill={each.colour} barSize={6} isAnimationActive={false} />
            : each.look === "points"
            ? <Scatter key={each.key} dataKey={each.key} name={each.name} fill={each.colour} shape="circle" isAnimationActive={false} />
            : <Line key={each.key} dataKey={each.key} name={each.name} stroke={each.colour} strokeDasharray={DASHES[each.look]}
                type="stepAfter" dot={false} strokeWidth={2} isAnimationActive={false} connectNulls={false} />)}
        </ComposedChart>
      </ResponsiveContainer>
    </figure>
  );
}
