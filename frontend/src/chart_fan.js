// Past demand as bars, what may come as a fan, the stock now as a line, arrivals as arrows.
import { FONT_SIZE, dateWords, figureWords, hatched, tipOf } from "./chart_words.js";

const DAY = 86400000;
const LENGTH = { day: 1, week: 7, month: 30.4 };
// Widest first: the likeliest lies on top.
const RANGES = [["95", "var(--c-band-3)"], ["80", "var(--c-band-2)"], ["50", "var(--c-band-1)"]];
// A stock far above the demand is told at the edge, so that the bars stay readable.
const TALLEST = 1.6;

const part = (name, data, drawOne, z = 2) => ({
  type: "custom", name, data, z, silent: true, clip: true, emphasis: { disabled: true }, renderItem: drawOne,
});

export function fan(data, width) {
  const length = LENGTH[data.step] * DAY;
  const now = Date.parse(data.now);
  const past = data.past.map(([day, served, missing, out]) => ({ start: Date.parse(day), served, missing, out }));
  const ahead = data.ahead.map(([day, middle, ranges]) => ({ start: Date.parse(day), middle, ranges }));
  const start = past[0]?.start ?? now;
  // What is on its way may come after the fan: room for its arrow.
  const end = Math.max(now + length, ...ahead.map((one) => one.start + length), ...data.arrivals.map(([day]) => Date.parse(day) + length / 2));
  const demand = Math.max(1, ...past.map((one) => one.served + one.missing), ...ahead.map((one) => Math.max(one.middle, ...Object.values(one.ranges).map((pair) => pair[1]))));
  const most = Math.max(demand, Math.min(data.stock ?? 0, demand * TALLEST));
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000].find((one) => one * 3 >= most) ?? most;
  const top = Math.ceil(most / step) * step;
  const words = data.words;

  const rectangle = (api, from, until, low, high) => {
    const [x1, y1] = api.coord([from, high]);
    const [x2, y2] = api.coord([until, low]);
    const gap = Math.min(3, (x2 - x1) * 0.22);
    return { x: x1 + gap / 2, y: y1, width: Math.max(1, x2 - x1 - gap), height: Math.max(0, y2 - y1) };
  };
  const bar = (low, high, style) => (_params, api) => ({
    type: "group",
    children: past.filter((one) => high(one) > low(one)).map((one) => ({ type: "rect", shape: rectangle(api, one.start, one.start + length, low(one), high(one)), style: style() })),
  });

  // Each range runs from the edge of the present to the end of its last period, by way of the middles.
  const path = (value) => {
    const points = ahead.map((one) => [one.start + length / 2, value(one)]);
    return points.length ? [[Math.max(now, ahead[0].start), points[0][1]], ...points, [ahead.at(-1).start + length, points.at(-1)[1]]] : [];
  };
  const range = (level, fill) => (_params, api) => {
    if (!ahead.length || !ahead.every((one) => one.ranges[level])) return null;
    const low = path((one) => one.ranges[level][0]).map((point) => api.coord(point));
    const high = path((one) => one.ranges[level][1]).map((point) => api.coord(point));
    const edge = { fill: "none", stroke: "var(--c-model)", lineWidth: 0.75, lineDash: { 50: "solid", 80: [4, 3], 95: [1, 3] }[level] };
    return {
      type: "group",
      children: [
        { type: "polygon", shape: { points: [...high, ...low.reverse()] }, style: { fill } },
        { type: "polyline", shape: { points: high }, style: edge },
        { type: "polyline", shape: { points: [...low].reverse() }, style: edge },
      ],
    };
  };
  const middle = (_params, api) => ({
    type: "polyline", shape: { points: path((one) => one.middle).map((point) => api.coord(point)) },
    style: { fill: "none", stroke: "var(--c-model)", lineWidth: 2.5 },
  });

  const stockAt = Math.min(data.stock ?? 0, top);
  const stockLine = (params, api) => {
    const [x1, y] = api.coord([now, stockAt]);
    const right = params.coordSys.x + params.coordSys.width;
    const text = `${words.stock} ${figureWords(data.stock, data.unit, { bare: true })}${data.stock > top ? " ↑" : ""}`;
    const over = y - params.coordSys.y < 16;
    return {
      type: "group",
      children: [
        { type: "line", shape: { x1, y1: y, x2: right, y2: y }, style: { stroke: "var(--ink)", lineWidth: 1.75, lineDash: [7, 3] } },
        { type: "text", style: { text, x: right, y: over ? y + 3 : y - 3, align: "right", verticalAlign: over ? "top" : "bottom", fill: "var(--ink)", fontSize: FONT_SIZE, fontWeight: 600, stroke: "var(--halo)", lineWidth: 3 } },
      ],
    };
  };
  const arrival = (params, api) => {
    const [x, foot] = api.coord([Date.parse(data.arrivals[params.dataIndex][0]) + DAY / 2, 0]);
    const byTheLine = x - api.coord([now, 0])[0] < 14;
    return {
      type: "group",
      children: [
        { type: "polygon", shape: { points: [[x, foot - 1], [x - 5, foot - 10], [x + 5, foot - 10]] }, style: { fill: "var(--cross)", stroke: "var(--halo)", lineWidth: 1 } },
        { type: "text", style: { text: `+${figureWords(data.arrivals[params.dataIndex][1], data.unit, { bare: true })}`, x: byTheLine ? x - 3 : x, y: foot - 12, align: byTheLine ? "left" : "center", verticalAlign: "bottom", fill: "var(--ink)", fontSize: FONT_SIZE, fontWeight: 600, stroke: "var(--halo)", lineWidth: 3 } },
      ],
    };
  };
  const present = (params, api) => {
    const [x] = api.coord([now, 0]);
    const { y, height } = params.coordSys;
    return {
      type: "line", shape: { x1: x, y1: y - 6, x2: x, y2: y + height }, style: { stroke: "var(--ink)", lineWidth: 1.25 },
    };
  };
  const outs = (_params, api) => ({
    type: "group",
    children: past.filter((one) => one.out).map((one) => ({
      type: "rect", shape: rectangle(api, one.start, one.start + length, 0, top),
      style: { fill: "transparent", decal: hatched("var(--line-strong)") },
    })),
  });

  const probes = [...past, ...ahead];
  const tip = (place) => {
    const one = probes[place];
    const say = (value) => figureWords(value, data.unit);
    const title = dateWords(one.start, data.step === "month" ? { day: undefined, year: "numeric" } : {});
    if (one.out) return tipOf(title, [[words.out, ""]]);
    if (place < past.length) return tipOf(title, [[words.served, say(one.served)], ...(one.missing ? [[words.missing, say(one.missing)]] : [])]);
    const between = RANGES.filter(([level]) => one.ranges[level]).map(([level]) => [figureWords(level / 100, { form: "percent", decimals: 0 }), one.ranges[level].map((value) => figureWords(value, data.unit, { bare: true })).join(" – ")]);
    return tipOf(title, [[words.expected, figureWords(one.middle, { ...data.unit, decimals: data.middleDecimals })], ...between.reverse()]);
  };

  const near = (moment) => Math.abs(moment - now) < ((end - start) * 90) / (width - 34); // room for two words
  const ticks = [start, now, ...(ahead.length ? [ahead.at(-1).start] : [])].filter((one, place) => place === 1 || !near(one));
  return {
    grid: { left: 4, right: 6, top: 10, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "value", min: start, max: end,
      axisLine: { lineStyle: { color: "var(--ink)", width: 1 } },
      axisTick: { show: true, customValues: ticks, lineStyle: { color: "var(--ink)" } },
      splitLine: { show: false },
      axisLabel: {
        customValues: ticks, color: "var(--ink-3)", fontSize: FONT_SIZE, alignMinLabel: "left", alignMaxLabel: "right",
        formatter: (value) => (value === now ? words.now : dateWords(value)),
      },
    },
    yAxis: {
      type: "value", min: 0, max: top, interval: step,
      axisLine: { show: false }, axisTick: { show: false }, splitLine: { lineStyle: { color: "var(--line)", width: 1 } },
      axisLabel: { color: "var(--ink-3)", fontSize: FONT_SIZE, formatter: (value) => figureWords(value, data.unit, { bare: true }) },
    },
    tooltip: { trigger: "axis", formatter: (all) => tip(all.find((one) => one.seriesName === "probe")?.dataIndex ?? 0) },
    series: [
      part(words.out, [0], outs, 1),
      ...RANGES.map(([level, fill], place) => part(level, [0], range(level, fill), 2 + place)),
      part(words.expected, ahead.length ? [0] : [], middle, 5),
      part(words.served, [0], bar(() => 0, (one) => one.served, () => ({ fill: "var(--c-fact)" })), 5),
      part(words.missing, [0], bar((one) => one.served, (one) => one.served + one.missing, () => ({ fill: "var(--paper)", stroke: "var(--now)", lineWidth: 1.25, decal: hatched("var(--now)") })), 5),
      part(words.now, [0], present, 6),
      part(words.stock, data.stock === null ? [] : [0], stockLine, 7),
      part("arrivals", data.arrivals.map(() => 0), arrival, 8),
      { type: "line", name: "probe", data: probes.map((one) => [one.start + length / 2, one.middle ?? one.served + one.missing]), symbol: "none", silent: true, lineStyle: { opacity: 0 }, itemStyle: { opacity: 0 } },
    ],
  };
}
