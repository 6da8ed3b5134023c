/**
 * Where the boxes and lines of the layer map are, in pixels at zoom 1. Data flows down. Models are long and narrow, mostly chains:
 * a box stands below what it reads, side by side with its siblings, and a line that skips over boxes runs in a lane beside them.
 * Linear in what is drawn, so that 2,000 boxes take milliseconds. Pure.
 */
import type { FoldedMap } from "./fold.ts";

export const boxWidth = 212;
export const boxHeight = 46;
const rowGap = 38;
const columnGap = 24;
const laneGap = 12;
const framePadding = 14;
const frameTitle = 24;
const margin = 28;

export interface Box {
  /** Left and top. */
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly from: number;
  readonly to: number;
  /** An SVG path. */
  readonly path: string;
  readonly top: number;
  readonly bottom: number;
  /** The shape of what flows, where there is room for it. */
  readonly label: { readonly text: string; readonly x: number; readonly y: number } | null;
}

export interface FrameBox extends Box {
  readonly width: number;
  readonly height: number;
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  /** By position of the item. */
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
  /** By position of the frame. */
  readonly frames: readonly FrameBox[];
}

interface Neighbours {
  readonly above: readonly (readonly number[])[];
  readonly below: readonly (readonly number[])[];
}

export function layoutOf({ items, frames, edges }: FoldedMap): MapLayout {
  const order = flowOrder(items.length, edges);
  const place = new Map(order.map((item, i) => [item, i]));
  const isForward = ({ from, to }: { readonly from: number; readonly to: number }): boolean => (place.get(from) as number) < (place.get(to) as number);
  const above: number[][] = items.map(() => []);
  const below: number[][] = items.map(() => []);
  for (const edge of edges.filter(isForward)) {
    above[edge.to]?.push(edge.from);
    below[edge.from]?.push(edge.to);
  }
  const rows = rowsOf(order, { above, below });
  const lefts = columnsOf(rows, above);
  const tops = rowTops(rows, frames);
  const rowOf = new Map(rows.flatMap((row, r) => row.map((item) => [item, r] as const)));
  const boxes = items.map((_, item) => ({ x: lefts.get(item) ?? 0, y: tops[rowOf.get(item) ?? 0] ?? 0 }));

  const frameBoxes = frames.map(({ first, last, level }) => {
    const within = boxes.slice(first, last + 1);
    const inset = framePadding * (1 + Math.max(0, ...frames.filter((other) => other.first >= first && other.last <= last).map((other) => other.level)) - level);
    const x = Math.min(...within.map((box) => box.x)) - inset;
    const y = Math.min(...within.map((box) => box.y)) - inset - frameTitle * (inset / framePadding);
    return { x, y, width: Math.max(...within.map((box) => box.x)) + boxWidth + inset - x, height: Math.max(...within.map((box) => box.y)) + boxHeight + inset - y };
  });
  const lines = linesOf(edges, boxes, rows, rowOf);

  const left = Math.min(0, ...boxes.map(({ x }) => x), ...frameBoxes.map(({ x }) => x)) - margin;
  const top = Math.min(0, ...frameBoxes.map(({ y }) => y)) - margin;
  const right = Math.max(0, ...boxes.map(({ x }) => x + boxWidth), ...frameBoxes.map(({ x, width }) => x + width), ...lines.map(({ right: edge }) => edge)) + margin;
  const bottom = Math.max(0, ...boxes.map(({ y }) => y + boxHeight), ...frameBoxes.map(({ y, height }) => y + height)) + margin;
  return {
    width: right - left,
    height: bottom - top,
    boxes: boxes.map(({ x, y }) => ({ x: x - left, y: y - top })),
    frames: frameBoxes.map((box) => ({ ...box, x: box.x - left, y: box.y - top })),
    lines: lines.map(({ draw, from, to, top: lineTop, bottom: lineBottom, label }) => ({
      from,
      to,
      path: draw(-left, -top),
      top: lineTop - top,
      bottom: lineBottom - top,
      label: label && { ...label, x: label.x - left, y: label.y - top },
    })),
  };
}

/** Each item after those that it reads; where closed groups make a circle, the first of them goes first. */
function flowOrder(count: number, edges: FoldedMap["edges"]): readonly number[] {
  const waiting = Array.from({ length: count }, () => 0);
  const readers: number[][] = waiting.map(() => []);
  for (const { from, to } of edges) {
    waiting[to] = (waiting[to] ?? 0) + 1;
    readers[from]?.push(to);
  }
  const order: number[] = [];
  const done = new Set<number>();
  const ready = waiting.flatMap((number, item) => (number === 0 ? [item] : [])).reverse();
  let next = 0;
  while (order.length < count) {
    while (ready.length === 0 && done.has(next)) next++;
    const item = ready.pop() ?? next;
    if (done.has(item)) continue;
    done.add(item);
    order.push(item);
    for (const reader of (readers[item] ?? []).toReversed()) {
      waiting[reader] = (waiting[reader] ?? 0) - 1;
      if (waiting[reader] === 0 && !done.has(reader)) ready.push(reader);
    }
  }
  return order;
}

/** One below the lowest of what it reads; what reads nothing stands just above its first reader. */
function rowsOf(order: readonly number[], { above, below }: Neighbours): readonly (readonly number[])[] {
  const row = new Map<number, number>();
  for (const item of order) row.set(item, Math.max(-1, ...(above[item] ?? []).map((other) => row.get(other) ?? 0)) + 1);
  for (const item of order) {
    const readers = below[item] ?? [];
    if (above[item]?.length === 0 && readers.length > 0) row.set(item, Math.max(0, Math.min(...readers.map((other) => row.get(other) ?? 0)) - 1));
  }
  const rows: number[][] = [];
  for (const item of order) (rows[row.get(item) ?? 0] ??= []).push(item);
  return Array.from(rows, (items) => items ?? []).filter((items) => items.length > 0);
}

/**
 * The left edge of each item: below the middle of the lowest boxes that it reads, as far as its neighbours leave room. A row of one
 * stands in the middle of the map, so that a long model with branches does not wander off to a side.
 */
function columnsOf(rows: readonly (readonly number[])[], above: Neighbours["above"]): ReadonlyMap<number, number> {
  const rowOf = new Map(rows.flatMap((row, r) => row.map((item) => [item, r] as const)));
  const lefts = new Map<number, number>();
  const step = boxWidth + columnGap;
  for (const row of rows) {
    const [only] = row;
    if (only !== undefined && row.length === 1) {
      lefts.set(only, 0);
      continue;
    }
    const wished = row
      .map((item) => {
        const others = above[item] ?? [];
        const lowest = Math.max(...others.map((other) => rowOf.get(other) ?? 0));
        const middle = others.filter((other) => rowOf.get(other) === lowest).map((other) => lefts.get(other) ?? 0).sort((a, b) => a - b);
        return { item, x: ((middle[Math.floor((middle.length - 1) / 2)] ?? 0) + (middle[Math.floor(middle.length / 2)] ?? 0)) / 2 };
      })
      .sort((a, b) => a.x - b.x);
    let edge = -Infinity;
    const placed = wished.map(({ x }) => (edge = Math.max(x, edge + step)));
    const shift = placed.reduce((sum, x, i) => sum + x - (wished[i]?.x ?? 0), 0) / Math.max(1, placed.length);
    wished.forEach(({ item }, i) => lefts.set(item, (placed[i] ?? 0) - shift));
  }
  return lefts;
}

/** The top of each row; frames that begin or end there make room for their edges. */
function rowTops(rows: readonly (readonly number[])[], frames: FoldedMap["frames"]): readonly number[] {
  const rowOf = new Map(rows.flatMap((row, r) => row.map((item) => [item, r] as const)));
  const extra = rows.map(() => 0);
  for (const { first, last } of frames) {
    const within = Array.from({ length: last - first + 1 }, (_, i) => rowOf.get(first + i) ?? 0);
    const [start, end] = [Math.min(...within), Math.max(...within) + 1];
    extra[start] = (extra[start] ?? 0) + framePadding + frameTitle;
    if (end < extra.length) extra[end] = (extra[end] ?? 0) + framePadding;
  }
  let y = 0;
  return extra.map((more, r) => (y += r === 0 ? more : boxHeight + rowGap + more));
}

interface Drawn extends Omit<Line, "path"> {
  readonly right: number;
  readonly draw: (dx: number, dy: number) => string;
}

/** The lane of everything that one box sends past others, beside the rows that it passes. */
function lanesOf(edges: FoldedMap["edges"], boxes: readonly Box[], rows: readonly (readonly number[])[], rowOf: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const ranges = new Map<number, { first: number; last: number }>();
  for (const { from, to } of edges) {
    const [start, end] = [rowOf.get(from) ?? 0, rowOf.get(to) ?? 0];
    if (end - start === 1) continue;
    const range = ranges.get(from) ?? { first: start, last: start };
    ranges.set(from, { first: Math.min(range.first, end), last: Math.max(range.last, end) });
  }
  const rightOf = rows.map((row) => Math.max(...row.map((item) => (boxes[item] as Box).x + boxWidth)));
  const taken = rows.map(() => 0);
  const lanes = new Map<number, number>();
  // Short ones first: theirs are the inner lanes.
  for (const [from, { first, last }] of [...ranges].sort(([, a], [, b]) => a.last - a.first - (b.last - b.first))) {
    let [right, lane] = [-Infinity, 0];
    // It leaves below its first row and arrives above its last, where the next one may begin in the same lane.
    for (let row = first; row < last; row++) {
      right = Math.max(right, rightOf[row] ?? 0);
      lane = Math.max(lane, taken[row] ?? 0);
    }
    taken.fill(lane + 1, first, last);
    lanes.set(from, right + framePadding + laneGap * (lane + 1));
  }
  return lanes;
}

function linesOf(edges: FoldedMap["edges"], boxes: readonly Box[], rows: readonly (readonly number[])[], rowOf: ReadonlyMap<number, number>): readonly Drawn[] {
  const lanes = lanesOf(edges, boxes, rows, rowOf);
  const labelled = new Set<number>();
  return edges.map(({ from, to, shape }) => {
    const [start, end] = [boxes[from] as Box, boxes[to] as Box];
    const [x1, y1, x2, y2] = [start.x + boxWidth / 2, start.y + boxHeight, end.x + boxWidth / 2, end.y];
    const text = labelled.has(from) ? null : shape;
    labelled.add(from);
    if ((rowOf.get(to) ?? 0) - (rowOf.get(from) ?? 0) === 1) {
      const half = (y2 - y1) / 2;
      const label = text === null ? null : { text, x: (x1 + x2) / 2 + 8, y: y1 + half + 4 };
      return { from, to, top: y1, bottom: y2, right: 0, label, draw: (dx: number, dy: number) => `M${x1 + dx} ${y1 + dy}C${x1 + dx} ${y1 + half + dy} ${x2 + dx} ${y2 - half + dy} ${x2 + dx} ${y2 + dy}` };
    }
    const x = lanes.get(from) ?? 0;
    const bend = 16;
    const [a, b] = [y1 + bend, y2 - bend];
    return {
      from,
      to,
      top: Math.min(y1, y2),
      bottom: Math.max(y1, y2),
      right: x,
      label: text === null ? null : { text, x: x + 6, y: (a + b) / 2 },
      draw: (dx: number, dy: number) => `M${x1 + dx} ${y1 + dy}C${x1 + dx} ${a + dy} ${x + dx} ${y1 + dy} ${x + dx} ${a + bend + dy}L${x + dx} ${b - bend + dy}C${x + dx} ${y2 + dy} ${x2 + dx} ${b + dy} ${x2 + dx} ${y2 + dy}`,
    };
  });
}
