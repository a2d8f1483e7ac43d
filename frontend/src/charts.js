// Charts of the house: each figure.chart holds its data as JSON; this draws it, and again as it changes.
// Colours are the tokens themselves, so that a theme or a sheet of paper changes them without a redraw.
import { use, init } from "echarts/core";
import { CustomChart, LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";
import { fan } from "./chart_fan.js";
import { FONT_SIZE, dateWords, figureWords, hatched, tipOf } from "./chart_words.js";

use([CustomChart, LineChart, GridComponent, TooltipComponent, LabelLayout, SVGRenderer]);

// Told apart by dash and marker first: colour only helps.
const LOOKS = [
  { colour: "var(--c-fact)", dash: "solid", symbol: "circle" },
  { colour: "var(--c-model)", dash: [7, 4], symbol: "rect" },
  { colour: "var(--today-fill)", dash: [2, 3], symbol: "triangle" },
  { colour: "var(--ink-3)", dash: [10, 3, 2, 3], symbol: "diamond" },
  { colour: "var(--cross)", dash: [4, 2], symbol: "emptyCircle" },
  { colour: "var(--ink-2)", dash: [1, 2], symbol: "emptyRect" },
];

// Ours takes the plain stroke; the others follow in their own order.
function looks(series) {
  let other = 1;
  const anyOurs = series.some((one) => one.ours);
  return series.map((one, place) => LOOKS[one.ours ? 0 : anyOurs ? (other++ - 1) % (LOOKS.length - 1) + 1 : place % LOOKS.length]);
}

let ruler = null;
function widthOf(text, style = "") {
  ruler ??= document.createElement("canvas").getContext("2d");
  ruler.font = `${style} ${FONT_SIZE}px ${getComputedStyle(document.body).fontFamily}`;
  return Math.ceil(ruler.measureText(text).width);
}

const axisLine = { lineStyle: { color: "var(--ink)", width: 1 } };
const splitLine = { lineStyle: { color: "var(--line)", width: 1 } };
const ticks = { show: false };

function valueAxis(axis, more = {}) {
  return {
    type: "value",
    axisLine: { show: false, ...axisLine },
    axisTick: ticks,
    splitLine,
    axisLabel: { color: "var(--ink-3)", fontSize: FONT_SIZE, hideOverlap: true, formatter: (value) => figureWords(value, axis.unit, { bare: true }) },
    ...more,
  };
}

// The name of a measure stands over its axis, level: nobody reads a sentence turned on its side.
function named(axis, place = "y") {
  return {
    name: [axis.label, axis.unit.form === "euros" ? "(€)" : ""].join(" ").trim(), // once, not at each tick
    nameLocation: place === "y" ? "end" : "middle",
    nameGap: place === "y" ? 12 : 26,
    nameTextStyle: { color: "var(--ink-2)", fontSize: FONT_SIZE, align: place === "y" ? "left" : "center", padding: place === "y" ? [0, 0, 0, -24] : 0 },
  };
}

function endLabels(names, width) {
  const widest = Math.max(0, ...names.map((name) => widthOf(name, "600")));
  const room = Math.min(widest, Math.round(width * 0.34));
  return { room: room + 20, label: { width: room + 6, overflow: "break", lineHeight: 14 } };
}

function lines(data, width) {
  const shown = looks(data.series);
  const ends = endLabels(data.series.map((one) => one.name), width);
  const dates = data.days.map((day) => Date.parse(day));
  const every = Math.ceil(dates.length / Math.max(2, Math.floor((width - ends.room) / 76)));
  const ticked = dates.filter((_date, place) => place % every === 0);
  return {
    grid: { left: 4, right: ends.room, top: 30, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "time",
      axisLine, axisTick: { show: true, customValues: ticked, lineStyle: { color: "var(--ink)" } }, splitLine: { show: false },
      axisLabel: { color: "var(--ink-3)", fontSize: FONT_SIZE, hideOverlap: true, customValues: ticked, formatter: (value) => dateWords(value) },
    },
    yAxis: valueAxis(data.axis, { ...named(data.axis), scale: !data.fromZero }),
    tooltip: {
      trigger: "axis",
      formatter: (all) => tipOf(dateWords(dates[all[0].dataIndex], { weekday: "short" }), data.series.map((one) => [one.name, figureWords(one.values[all[0].dataIndex], data.axis.unit)])),
    },
    series: data.series.map((one, place) => ({
      type: "line",
      name: one.name,
      data: one.values.map((value, at) => [dates[at], value]),
      symbol: shown[place].symbol,
      symbolSize: 6,
      showSymbol: true,
      // A marker now and then: enough to know the curve by, too few to hide it.
      symbolKeepAspect: true,
      showAllSymbol: false,
      lineStyle: { color: shown[place].colour, width: one.ours ? 2.5 : 1.75, type: shown[place].dash },
      itemStyle: { color: shown[place].colour },
      emphasis: { disabled: true },
      endLabel: { show: true, formatter: one.name, color: "var(--ink)", fontSize: FONT_SIZE, fontWeight: one.ours ? 600 : 400, distance: 8, ...ends.label },
      labelLayout: { moveOverlap: "shiftY" },
    })),
  };
}

function tradeOff(data, width) {
  const shown = looks(data.curves);
  const ends = endLabels(data.curves.map((one) => one.name), width);
  return {
    grid: { left: 4, right: ends.room, top: 30, bottom: 34, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: valueAxis(data.x, { ...named(data.x, "x"), scale: true, splitLine: { show: false }, axisLine: { show: true, ...axisLine, onZero: false }, splitNumber: Math.max(2, Math.round(width / 140)) }),
    yAxis: valueAxis(data.y, { ...named(data.y), scale: true, splitNumber: 4 }),
    tooltip: {
      trigger: "item",
      formatter: ({ seriesIndex, dataIndex }) => {
        const curve = data.curves[seriesIndex];
        const [x, y, label] = curve.points[dataIndex];
        return tipOf([curve.name, label].filter(Boolean).join(" · "), [[data.x.label, figureWords(x, data.x.unit)], [data.y.label, figureWords(y, data.y.unit)]]);
      },
    },
    series: data.curves.map((one, place) => ({
      type: "line",
      name: one.name,
      data: one.points.map(([x, y]) => [x, y]),
      symbol: shown[place].symbol,
      symbolSize: one.points.length === 1 ? 12 : 8,
      lineStyle: { color: shown[place].colour, width: one.ours ? 2.5 : 1.75, type: shown[place].dash },
      itemStyle: { color: shown[place].colour },
      emphasis: { disabled: true },
      endLabel: { show: true, formatter: one.name, color: "var(--ink)", fontSize: FONT_SIZE, fontWeight: one.ours ? 600 : 400, distance: 8, ...ends.label },
      labelLayout: { moveOverlap: "shiftY" },
    })),
  };
}

function bars(data, width) {
  const figures = data.bars.map(([, value]) => figureWords(value, data.axis.unit));
  const weight = (ours) => (ours ? "600" : "400");
  const names = Math.min(Math.max(...data.bars.map(([label, , ours]) => widthOf(label, weight(ours)))), Math.round(width * 0.42));
  const bar = (params, api) => {
    const [, value, ours] = data.bars[params.dataIndex];
    const [x, y] = api.coord([value, params.dataIndex]);
    const [zero] = api.coord([0, params.dataIndex]);
    const height = Math.min(22, api.size([0, 1])[1] * 0.58);
    const style = ours ? { fill: "var(--c-fact)" } : { fill: "var(--halo)", stroke: "var(--ink-2)", lineWidth: 1.25, decal: hatched("var(--ink-2)") };
    return {
      type: "group",
      children: [
        { type: "rect", shape: { x: Math.min(x, zero), y: y - height / 2, width: Math.max(1, Math.abs(x - zero)), height }, style },
        { type: "text", style: { text: figures[params.dataIndex], x: Math.max(x, zero) + 6, y, verticalAlign: "middle", fill: "var(--ink)", fontSize: FONT_SIZE, fontWeight: weight(ours), stroke: "var(--halo)", lineWidth: 3 } },
      ],
    };
  };
  const reference = (params, api) => {
    const [x] = api.coord([data.reference[1], 0]);
    const { y, height } = params.coordSys;
    return {
      type: "group",
      children: [
        { type: "line", shape: { x1: x, y1: y - 4, x2: x, y2: y + height }, style: { stroke: "var(--c-model)", lineWidth: 1.75, lineDash: [5, 4] } },
        { type: "text", style: { text: `${data.reference[0]} ${figureWords(data.reference[1], data.axis.unit)}`, x, y: y - 7, align: "center", verticalAlign: "bottom", fill: "var(--info)", fontSize: FONT_SIZE } },
      ],
    };
  };
  const values = data.bars.map(([, value]) => value).concat(data.reference ? [data.reference[1]] : []);
  return {
    grid: { left: names + 12, right: Math.max(...figures.map((text) => widthOf(text, "600"))) + 14, top: data.reference ? 22 : 4, bottom: 4, outerBoundsMode: "none" },
    xAxis: { type: "value", show: false, min: Math.min(0, ...values), max: Math.max(0, ...values) || 1 },
    yAxis: {
      type: "category", inverse: true, data: data.bars.map(([label]) => label),
      axisLine, axisTick: ticks,
      axisLabel: { color: "var(--ink)", fontSize: FONT_SIZE, width: names, overflow: "break", lineHeight: 14, margin: 8, interval: 0 },
    },
    tooltip: { trigger: "item", formatter: ({ dataIndex }) => tipOf(data.bars[dataIndex][0], [[data.axis.label, figures[dataIndex]]]) },
    series: [
      ...(data.reference ? [{ type: "custom", data: [0], silent: true, clip: false, z: 1, renderItem: reference }] : []),
      { type: "custom", data: data.bars.map(([, value], place) => [value, place]), z: 2, clip: false, emphasis: { disabled: true }, renderItem: bar },
    ],
  };
}

const KINDS = { fan, lines, "trade-off": tradeOff, bars };

function option(data, width) {
  const made = KINDS[data.kind](data, width);
  return {
    animation: false, // a page must not fidget
    useUTC: true,
    backgroundColor: "transparent",
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: FONT_SIZE, color: "var(--ink-2)" },
    ...made,
    tooltip: {
      className: "chart-tip", confine: true, transitionDuration: 0,
      axisPointer: { type: "line", snap: true, label: { show: false }, lineStyle: { color: "var(--line-strong)", type: "solid", width: 1 } },
      ...made.tooltip,
    },
  };
}

const drawn = new Map();

// With a view box the drawing shrinks with its paper: a sheet is narrower than the screen.
function fitToPaper(place, chart) {
  place.querySelector("svg")?.setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
}

/** Draw a figure once; it follows its own width until it leaves the page. */
export function draw(figure) {
  if (drawn.has(figure)) return;
  const data = JSON.parse(figure.querySelector("script").textContent);
  const place = figure.querySelector(".chart-drawing");
  figure.dataset.drawn = "";
  figure.querySelector(".chart-table").open = false;
  const chart = init(place, null, { renderer: "svg" });
  let width = 0;
  const redraw = () => {
    if (place.clientWidth === width || !place.clientWidth || !place.clientHeight) return;
    width = place.clientWidth;
    chart.resize();
    chart.setOption(option(data, width), true);
    fitToPaper(place, chart);
  };
  redraw();
  const watcher = new ResizeObserver(redraw);
  watcher.observe(place);
  drawn.set(figure, () => {
    watcher.disconnect();
    chart.dispose();
  });
}

/** Let go of what a swap took off the page. */
export function sweep() {
  for (const [figure, dispose] of drawn) {
    if (figure.isConnected) continue;
    dispose();
    drawn.delete(figure);
  }
}
document.addEventListener("htmx:afterSettle", sweep);
