/**
 * Sine, cosine and tangent to the last bits of a float. WGSL promises no more than 2^-11 for its own, and nothing far from 0;
 * that turns a rotary embedding visibly wrong. Cody and Waite's reduction and the polynomials of Cephes (sinf.c, cosf.c),
 * right up to some 10^5.
 */
import { defineElementwise } from "./elementwise.ts";

/** WGSL: `sine` and `cosine` of a `Value`, an f32 or a vec4f. */
export const sineAndCosine = `
/** The quarter turn that is nearest, and what is left of x. */
struct Turned { quarter: Value, rest: Value }
fn turned(x: Value) -> Turned {
  let quarter = round(x * 0.6366197723675814);
  return Turned(quarter, ((x - quarter * 1.5703125) - quarter * 4.837512969970703e-4) - quarter * 7.549789948768648e-8);
}
fn nearZero(turned: Turned) -> array<Value, 2> {
  let r = turned.rest;
  let z = r * r;
  let sine = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * r + r;
  let cosine = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
  return array<Value, 2>(sine, cosine);
}
/** The sine, that many quarter turns further on. */
fn sineAfter(quarters: Value, parts: array<Value, 2>) -> Value {
  let place = quarters - 4.0 * floor(quarters * 0.25);
  let isOdd = abs(place - 2.0) == Value(1.0);
  let size = select(parts[0], parts[1], isOdd);
  return select(size, -size, place >= Value(2.0));
}
fn sine(x: Value) -> Value {
  let t = turned(x);
  return sineAfter(t.quarter, nearZero(t));
}
fn cosine(x: Value) -> Value {
  let t = turned(x);
  return sineAfter(t.quarter + 1.0, nearZero(t));
}`;

export const sine = defineElementwise({ name: "sine", inputs: ["x"], functions: sineAndCosine, expression: "sine(x)" });
export const cosine = defineElementwise({ name: "cosine", inputs: ["x"], functions: sineAndCosine, expression: "cosine(x)" });
export const tangent = defineElementwise({ name: "tangent", inputs: ["x"], functions: sineAndCosine, expression: "sine(x) / cosine(x)" });
