/**
 * Multi-head attention that never stores its scores: one dispatch forward and two back, heads found by index, no transposes.
 * As in FlashAttention (Dao et al., 2022), the softmax is computed while the keys pass by, and what is kept for the
 * gradient is a peak and a total for each row. The composed form is `attention` in ../../ops/attention.ts.
 *
 * A workgroup of 64 threads takes 16 rows (queries, or keys for the gradients of keys and values) against 64 columns at
 * a time. Thread `local` has four rows, `rowGroup`, and four columns, `lane`; then the same four rows of the result, and
 * every 16th vector of its width. Loops over those are written out, so that the sums stay in registers.
 */
import type { Tensor } from "../../tf.ts";
import { defineKernel } from "../../webgpu/kernel.ts";

const WORKGROUP = 64;
const ROWS = 16;
const COLUMNS = 64;
const LANES = 16;
const FOUR = [0, 1, 2, 3] as const;
const AXES = ["x", "y", "z", "w"] as const;

/** The widest head whose sums fit the registers: two vectors for each of four rows and 16 threads. */
const WIDEST_HEAD = 128;

export interface AttentionShape {
  readonly heads: number;
  readonly scale: number;
  /** A token attends to itself and those before it only. */
  readonly causal: boolean;
}

/** Whether the kernels take such heads: whole vectors, and not too many of them. */
export function fitsKernels(query: Tensor, value: Tensor, heads: number): boolean {
  return [query, value].every((x) => ((x.shape[2] as number) / heads) % 4 === 0 && (x.shape[2] as number) / heads <= WIDEST_HEAD);
}

/** As in the composed form: where every token is masked, all weigh the same. */
const MASKED = "-1e9";
/** Of a score that does not count at all; below every masked one. */
const NOWHERE = "-3e38";

const repeat = (count: number, write: (index: number) => string): string => Array.from({ length: count }, (_, index) => write(index)).join("\n");
const rows = (write: (row: number) => string): string => repeat(4, write);

/** Where the workgroup and the thread are; `at...` give the first vector of a token's head, for clamped tokens. */
const place = `
const NOWHERE = ${NOWHERE};
fn atQuery(batch: u32, token: u32, head: u32) -> u32 { return ((batch * uniforms.tokens + min(token, uniforms.tokens - 1u)) * uniforms.heads + head) * uniforms.width; }
fn atKey(batch: u32, token: u32, head: u32) -> u32 { return ((batch * uniforms.keyTokens + min(token, uniforms.keyTokens - 1u)) * uniforms.heads + head) * uniforms.width; }
fn atValue(batch: u32, token: u32, head: u32) -> u32 { return ((batch * uniforms.keyTokens + min(token, uniforms.keyTokens - 1u)) * uniforms.heads + head) * uniforms.valueWidth; }
fn atResult(batch: u32, token: u32, head: u32) -> u32 { return ((batch * uniforms.tokens + min(token, uniforms.tokens - 1u)) * uniforms.heads + head) * uniforms.valueWidth; }
fn atStatistics(batch: u32, token: u32, head: u32) -> u32 { return (batch * uniforms.heads + head) * uniforms.tokens + min(token, uniforms.tokens - 1u); }
fn maskBias(batch: u32, key: u32) -> f32 { return (1.0 - mask[batch * uniforms.keyTokens + min(key, uniforms.keyTokens - 1u)]) * ${MASKED}; }
`;
const start = `
  let batch = workgroup.y / uniforms.heads;
  let head = workgroup.y % uniforms.heads;
  let lane = local.x % ${LANES}u;
  let rowGroup = local.x / ${LANES}u;
  let firstRow = workgroup.x * ${ROWS}u + rowGroup * 4u;`;
const uniformTypes = { tokens: "u32", keyTokens: "u32", heads: "u32", width: "u32", valueWidth: "u32", scale: "f32", causal: "u32" } as const;

/** `into`R (a vector over the four columns) += row R of `left` times each of the columns of `right`, over `width` vectors. */
function products(into: string, left: string, leftAt: (row: number) => string, right: string, rightAt: (column: number) => string, width: string): string {
  return `
    {
      ${FOUR.map((i) => `let l${i} = ${leftAt(i)}; let r${i} = ${rightAt(i)};`).join(" ")}
      for (var i = 0u; i < ${width}; i++) {
        ${FOUR.map((i) => `let b${i} = ${right}[r${i} + i];`).join(" ")}
        ${rows((r) => `{ let a = ${left}[l${r} + i]; ${into}${r} += vec4f(${FOUR.map((c) => `dot(a, b${c})`).join(", ")}); }`)}
      }
    }`;
}

/** `into`R_C += the tile's row R times the 64 rows of `right`, for the thread's vectors C of its width. */
function mix(vectors: number, into: string, tile: string, right: string, rightAt: (column: string) => string, width: string): string {
  return `
    for (var j = 0u; j < ${LANES}u; j++) {
      ${rows((r) => `let t${r} = ${tile}[(rowGroup * 4u + ${r}u) * ${LANES}u + j];`)}
      ${repeat(4, (c) => `{
        let at = ${rightAt(`first + j * 4u + ${c}u`)};
        ${repeat(vectors, (v) => `if (lane + ${v * LANES}u < ${width}) { let b = ${right}[at + lane + ${v * LANES}u]; ${rows((r) => `${into}${r}_${v} += t${r}.${AXES[c]} * b;`)} }`)}
      }`)}
    }`;
}

const declare = (name: string, vectors: number): string => rows((r) => repeat(vectors, (v) => `var ${name}${r}_${v} = vec4f(0.0);`));
const store = (vectors: number, target: string, targetAt: (row: number) => string, limit: string, width: string, value: (row: number, vector: number) => string): string =>
  rows((r) => `if (firstRow + ${r}u < ${limit}) { let at = ${targetAt(r)}; ${repeat(vectors, (v) => `if (lane + ${v * LANES}u < ${width}) { ${target}[at + lane + ${v * LANES}u] = ${value(r, v)}; }`)} }`);

/** Kernels for heads of at most 64 or 128 values, compiled when first used. */
function byVectors<Kernel>(define: (vectors: 1 | 2) => Kernel): (widthOfHead: number) => Kernel {
  const variants = { narrow: define(1), wide: define(2) };
  return (widthOfHead) => (widthOfHead <= WIDEST_HEAD / 2 ? variants.narrow : variants.wide);
}

/** How a kernel begins that walks over the keys of a block of query rows, in tiles; up to the first key that its rows may not see. */
const overKeys = `
${place}
var<workgroup> tile: array<vec4f, ${ROWS * LANES}>;
var<workgroup> exchange: array<vec4f, ${WORKGROUP}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {${start}
  let keysEnd = select(uniforms.keyTokens, min(uniforms.keyTokens, (workgroup.x + 1u) * ${ROWS}u), uniforms.causal == 1u);`;

const forwardFor = byVectors((vectors) =>
  defineKernel({
    name: "attention",
    inputs: { query: "vec4f", key: "vec4f", value: "vec4f", mask: "f32" },
    outputs: { result: "vec4f", statistics: "vec4f" },
    uniforms: uniformTypes,
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${overKeys}
  var peak = vec4f(NOWHERE);
  var sum = vec4f(0.0);
  ${declare("mixed", vectors)}
  for (var first = 0u; first < keysEnd; first += ${COLUMNS}u) {
    let column = first + lane * 4u;
    ${rows((r) => `var s${r} = vec4f(0.0);`)}
    ${products("s", "query", (r) => `atQuery(batch, firstRow + ${r}u, head)`, "key", (c) => `atKey(batch, column + ${c}u, head)`, "uniforms.width")}
    let columns = vec4u(column) + vec4u(0u, 1u, 2u, 3u);
    let bias = vec4f(${FOUR.map((c) => `maskBias(batch, column + ${c}u)`).join(", ")});
    ${rows((r) => `let counts${r} = (columns < vec4u(uniforms.keyTokens)) & ((columns <= vec4u(firstRow + ${r}u)) | vec4<bool>(uniforms.causal == 0u)); s${r} = select(vec4f(NOWHERE), s${r} * uniforms.scale + bias, counts${r});`)}
    exchange[local.x] = vec4f(${FOUR.map((r) => `max(max(s${r}.x, s${r}.y), max(s${r}.z, s${r}.w))`).join(", ")});
    workgroupBarrier();
    var next = peak;
    for (var i = 0u; i < ${LANES}u; i++) { next = max(next, exchange[rowGroup * ${LANES}u + i]); }
    let shrink = exp(peak - next);
    peak = next;
    sum *= shrink;
    ${rows((r) => `{
      let p = select(vec4f(0.0), exp(s${r} - next.${AXES[r]}), counts${r});
      tile[(rowGroup * 4u + ${r}u) * ${LANES}u + lane] = p;
      sum.${AXES[r]} += (p.x + p.y) + (p.z + p.w);
      ${repeat(vectors, (v) => `mixed${r}_${v} *= shrink.${AXES[r]};`)}
    }`)}
    workgroupBarrier();
    ${mix(vectors, "mixed", "tile", "value", (column) => `atValue(batch, ${column}, head)`, "uniforms.valueWidth")}
  }
  workgroupBarrier();
  exchange[local.x] = sum;
  workgroupBarrier();
  var whole = vec4f(0.0);
  for (var i = 0u; i < ${LANES}u; i++) { whole += exchange[rowGroup * ${LANES}u + i]; }
  let inverse = 1.0 / whole;
  ${store(vectors, "result", (r) => `atResult(batch, firstRow + ${r}u, head)`, "uniforms.tokens", "uniforms.valueWidth", (r, v) => `mixed${r}_${v} * inverse.${AXES[r]}`)}
  if (lane == 0u) {
    ${rows((r) => `if (firstRow + ${r}u < uniforms.tokens) { statistics[atStatistics(batch, firstRow + ${r}u, head)] = vec4f(peak.${AXES[r]}, inverse.${AXES[r]}, 0.0, 0.0); }`)}
  }
}`,
  }),
);

const queryGradientFor = byVectors((vectors) =>
  defineKernel({
    name: "attention/queryGradient",
    inputs: { query: "vec4f", key: "vec4f", value: "vec4f", mask: "f32", dy: "vec4f", result: "vec4f" },
    // The third is the row's sum of dy * result, for the other kernel.
    inPlace: { statistics: "vec4f" },
    outputs: { dQuery: "vec4f" },
    uniforms: uniformTypes,
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${overKeys}
  var part = vec4f(0.0);
  ${rows((r) => `{ let at = atResult(batch, firstRow + ${r}u, head); for (var i = lane; i < uniforms.valueWidth; i += ${LANES}u) { part.${AXES[r]} += dot(dy[at + i], result[at + i]); } }`)}
  exchange[local.x] = part;
  workgroupBarrier();
  var along = vec4f(0.0);
  for (var i = 0u; i < ${LANES}u; i++) { along += exchange[rowGroup * ${LANES}u + i]; }
  ${rows((r) => `let kept${r} = statistics[atStatistics(batch, firstRow + ${r}u, head)].xy;`)}
  ${declare("sum", vectors)}
  for (var first = 0u; first < keysEnd; first += ${COLUMNS}u) {
    let column = first + lane * 4u;
    ${rows((r) => `var s${r} = vec4f(0.0); var d${r} = vec4f(0.0);`)}
    ${products("s", "query", (r) => `atQuery(batch, firstRow + ${r}u, head)`, "key", (c) => `atKey(batch, column + ${c}u, head)`, "uniforms.width")}
    ${products("d", "dy", (r) => `atResult(batch, firstRow + ${r}u, head)`, "value", (c) => `atValue(batch, column + ${c}u, head)`, "uniforms.valueWidth")}
    let columns = vec4u(column) + vec4u(0u, 1u, 2u, 3u);
    let bias = vec4f(${FOUR.map((c) => `maskBias(batch, column + ${c}u)`).join(", ")});
    workgroupBarrier();
    ${rows((r) => `{
      let counts = (columns < vec4u(uniforms.keyTokens)) & ((columns <= vec4u(firstRow + ${r}u)) | vec4<bool>(uniforms.causal == 0u));
      let p = select(vec4f(0.0), exp(s${r} * uniforms.scale + bias - kept${r}.x) * kept${r}.y, counts);
      tile[(rowGroup * 4u + ${r}u) * ${LANES}u + lane] = p * (d${r} - along.${AXES[r]}) * uniforms.scale;
    }`)}
    workgroupBarrier();
    ${mix(vectors, "sum", "tile", "key", (column) => `atKey(batch, ${column}, head)`, "uniforms.width")}
  }
  ${store(vectors, "dQuery", (r) => `atQuery(batch, firstRow + ${r}u, head)`, "uniforms.tokens", "uniforms.width", (r, v) => `sum${r}_${v}`)}
  if (lane == 0u) {
    ${rows((r) => `if (firstRow + ${r}u < uniforms.tokens) { statistics[atStatistics(batch, firstRow + ${r}u, head)].z = along.${AXES[r]}; }`)}
  }
}`,
  }),
);

const keyAndValueGradientFor = byVectors((vectors) =>
  defineKernel({
    name: "attention/keyAndValueGradient",
    inputs: { query: "vec4f", key: "vec4f", value: "vec4f", mask: "f32", dy: "vec4f", statistics: "vec4f" },
    outputs: { dKey: "vec4f", dValue: "vec4f" },
    uniforms: uniformTypes,
    workgroupSize: [WORKGROUP, 1, 1],
    // Rows are keys here, and columns queries.
    code: `
${place}
var<workgroup> weights: array<vec4f, ${ROWS * LANES}>;
var<workgroup> slopes: array<vec4f, ${ROWS * LANES}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {${start}
  // Queries before the first key of the workgroup do not see any of its keys.
  let begin = select(0u, (workgroup.x * ${ROWS}u) / ${COLUMNS}u * ${COLUMNS}u, uniforms.causal == 1u);
  ${declare("keySum", vectors)}
  ${declare("valueSum", vectors)}
  for (var first = begin; first < uniforms.tokens; first += ${COLUMNS}u) {
    let column = first + lane * 4u;
    ${rows((r) => `var s${r} = vec4f(0.0); var d${r} = vec4f(0.0);`)}
    ${products("s", "key", (r) => `atKey(batch, firstRow + ${r}u, head)`, "query", (c) => `atQuery(batch, column + ${c}u, head)`, "uniforms.width")}
    ${products("d", "value", (r) => `atValue(batch, firstRow + ${r}u, head)`, "dy", (c) => `atResult(batch, column + ${c}u, head)`, "uniforms.valueWidth")}
    let columns = vec4u(column) + vec4u(0u, 1u, 2u, 3u);
    ${FOUR.map((c) => `let kept${c} = statistics[atStatistics(batch, column + ${c}u, head)].xyz;`).join(" ")}
    let peak = vec4f(kept0.x, kept1.x, kept2.x, kept3.x);
    let inverse = vec4f(kept0.y, kept1.y, kept2.y, kept3.y);
    let along = vec4f(kept0.z, kept1.z, kept2.z, kept3.z);
    workgroupBarrier();
    ${rows((r) => `{
      let counts = (columns < vec4u(uniforms.tokens)) & ((columns >= vec4u(firstRow + ${r}u)) | vec4<bool>(uniforms.causal == 0u));
      let p = select(vec4f(0.0), exp(s${r} * uniforms.scale + maskBias(batch, firstRow + ${r}u) - peak) * inverse, counts);
      weights[(rowGroup * 4u + ${r}u) * ${LANES}u + lane] = p;
      slopes[(rowGroup * 4u + ${r}u) * ${LANES}u + lane] = p * (d${r} - along) * uniforms.scale;
    }`)}
    workgroupBarrier();
    ${mix(vectors, "valueSum", "weights", "dy", (column) => `atResult(batch, ${column}, head)`, "uniforms.valueWidth")}
    ${mix(vectors, "keySum", "slopes", "query", (column) => `atQuery(batch, ${column}, head)`, "uniforms.width")}
  }
  ${store(vectors, "dKey", (r) => `atKey(batch, firstRow + ${r}u, head)`, "uniforms.keyTokens", "uniforms.width", (r, v) => `keySum${r}_${v}`)}
  ${store(vectors, "dValue", (r) => `atValue(batch, firstRow + ${r}u, head)`, "uniforms.keyTokens", "uniforms.valueWidth", (r, v) => `valueSum${r}_${v}`)}
}`,
  }),
);

interface Geometry {
  readonly widestHead: number;
  readonly batchHeads: number;
  readonly uniforms: Readonly<Record<keyof typeof uniformTypes, number>>;
}

function geometryOf(query: Tensor, key: Tensor, value: Tensor, { heads, scale, causal }: AttentionShape): Geometry {
  const [batch, tokens, width] = query.shape as [number, number, number];
  const valueWidth = value.shape[2] as number;
  return {
    widestHead: Math.max(width, valueWidth) / heads,
    batchHeads: batch * heads,
    uniforms: { tokens, keyTokens: key.shape[1] as number, heads, width: width / heads / 4, valueWidth: valueWidth / heads / 4, scale, causal: causal ? 1 : 0 },
  };
}

/**
 * query [batch, tokens, width], key [batch, keyTokens, width], value [batch, keyTokens, valueWidth], mask [batch, keyTokens]
 * -> result [batch, tokens, valueWidth]; statistics [batch * heads, tokens, 4], for the gradient.
 */
export function attentionForward(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, shape: AttentionShape): { readonly result: Tensor; readonly statistics: Tensor } {
  const { widestHead, batchHeads, uniforms } = geometryOf(query, key, value, shape);
  return forwardFor(widestHead).run({
    inputs: { query, key, value, mask },
    outputs: { result: [batchHeads / uniforms.heads, uniforms.tokens, value.shape[2] as number], statistics: [batchHeads, uniforms.tokens, 4] },
    uniforms,
    workgroups: [Math.ceil(uniforms.tokens / ROWS), batchHeads, 1],
  });
}

/** Writes its own part of `statistics`; otherwise it changes nothing. */
export function attentionBackward(
  dy: Tensor,
  { query, key, value, mask, result, statistics }: Readonly<Record<"query" | "key" | "value" | "mask" | "result" | "statistics", Tensor>>,
  shape: AttentionShape,
): { readonly dQuery: Tensor; readonly dKey: Tensor; readonly dValue: Tensor } {
  const { widestHead, batchHeads, uniforms } = geometryOf(query, key, value, shape);
  const { dQuery } = queryGradientFor(widestHead).run({
    inputs: { query, key, value, mask, dy, result },
    inPlace: { statistics },
    outputs: { dQuery: query.shape },
    uniforms,
    workgroups: [Math.ceil(uniforms.tokens / ROWS), batchHeads, 1],
  });
  const { dKey, dValue } = keyAndValueGradientFor(widestHead).run({
    inputs: { query, key, value, mask, dy, statistics },
    outputs: { dKey: key.shape, dValue: value.shape },
    uniforms,
    workgroups: [Math.ceil(uniforms.keyTokens / ROWS), batchHeads, 1],
  });
  return { dQuery, dKey, dValue };
}
