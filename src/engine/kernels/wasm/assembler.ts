/**
 * Writes WebAssembly modules, as far as our kernels go: functions of 32-bit addresses and floats, loops, and vectors of four
 * floats, over memory that another module owns. Code is a list of bytes; every function here returns the bytes of one
 * expression or statement. Instructions by the specification, https://webassembly.github.io/spec/core/binary.
 */

export type Code = readonly number[];
export type ValueType = "i32" | "f32" | "v128";

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
const VOID_BLOCK = 0x40;
const END = 0x0b;

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

const vector = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): number[] => [...unsigned(bytes.length), ...bytes];
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);

/** A parameter or a local of a function: reads as its value. */
export interface Local {
  readonly type: ValueType;
  readonly index: number;
  readonly get: Code;
  set(value: Code): Code;
}

const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...opcode];
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
/** Alignment (a hint; 2 is a float's), then a constant number of bytes beyond the address. */
const at = (offset: number): number[] => [2, ...unsigned(offset)];

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  shiftRight: binary(0x76),
  /** Unsigned: addresses go up to 4 GB. */
  lessThan: binary(0x49),
} as const;

/** One arithmetic for single floats and for vectors of four: a kernel is written once for both. */
export interface Lanes {
  readonly count: 1 | 4;
  readonly type: "f32" | "v128";
  load(address: Code, offset?: number): Code;
  store(address: Code, value: Code, offset?: number): Code;
  /** One float from memory in every lane. */
  loadSplat(address: Code, offset?: number): Code;
  /** The same value in every lane; of a single float, itself. */
  splat(value: Code): Code;
  add(a: Code, b: Code): Code;
  sub(a: Code, b: Code): Code;
  mul(a: Code, b: Code): Code;
  /** All lanes added up, as a single float. */
  total(value: Local): Code;
  /** `value` where low < x < high, else 0. */
  keepWithin(value: Code, x: Code, low: Code, high: Code): Code;
}

export const single: Lanes = {
  count: 1,
  type: "f32",
  load: (address, offset = 0) => [...address, 0x2a, ...at(offset)],
  store: (address, value, offset = 0) => [...address, ...value, 0x38, ...at(offset)],
  loadSplat: (address, offset = 0) => single.load(address, offset),
  splat: (value) => value,
  add: binary(0x92),
  sub: binary(0x93),
  mul: binary(0x94),
  total: (value) => value.get,
  // f32.gt, f32.lt, i32.and, select
  keepWithin: (value, x, low, high) => [...value, ...f32Constant(0), ...x, ...low, 0x5e, ...x, ...high, 0x5d, 0x71, 0x1b],
};

export const four: Lanes = {
  count: 4,
  type: "v128",
  load: (address, offset = 0) => [...address, ...simd(0x00), ...at(offset)],
  store: (address, value, offset = 0) => [...address, ...value, ...simd(0x0b), ...at(offset)],
  loadSplat: (address, offset = 0) => [...address, ...simd(0x09), ...at(offset)],
  splat: (value) => [...value, ...simd(0x13)],
  add: binary(...simd(0xe4)),
  sub: binary(...simd(0xe5)),
  mul: binary(...simd(0xe6)),
  total: (value) => [0, 1, 2, 3].map((lane): Code => [...value.get, ...simd(0x1f), lane]).reduce(binary(0x92)),
  // f32x4.gt and f32x4.lt give masks.
  keepWithin: (value, x, low, high) => [...value, ...x, ...low, ...simd(0x44), ...simd(0x4e), ...x, ...high, ...simd(0x43), ...simd(0x4e)],
};

export function f32Constant(value: number): Code {
  return [0x43, ...new Uint8Array(new Float32Array([value]).buffer)];
}

/** Runs `body` while `condition` holds before it. */
export function loopWhile(condition: Code, body: Code): Code {
  // block { loop { if not condition, leave the block; body; again } }
  return [0x02, VOID_BLOCK, 0x03, VOID_BLOCK, ...condition, 0x45, 0x0d, 1, ...body, 0x0c, 0, END, END];
}

export const sequence = (...statements: readonly Code[]): Code => statements.flat();

export interface FunctionScope {
  local(type: ValueType): Local;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly body: (scope: FunctionScope, ...parameters: Local[]) => Code;
}

function local(type: ValueType, index: number): Local {
  return { type, index, get: [0x20, ...unsigned(index)], set: (value) => [...value, 0x21, ...unsigned(index)] };
}

function functionCode({ parameters, body }: FunctionDefinition): number[] {
  const locals: Local[] = [];
  const scope: FunctionScope = {
    local(type) {
      const made = local(type, parameters.length + locals.length);
      locals.push(made);
      return made;
    },
  };
  const code = body(scope, ...parameters.map(local));
  return sized([...vector(locals.map(({ type }) => [1, typeCodes[type]])), ...code, END]);
}

const section = (id: number, items: readonly Code[]): number[] => [id, ...sized(vector(items))];

/** Pages of 64 KB; a shared memory has to be declared with a maximum that is at least its own. */
const MAX_PAGES = 65536;

/** A module that imports its memory as `host.memory` and exports the functions, which return nothing. */
export function assemble(functions: readonly FunctionDefinition[], { sharedMemory }: { readonly sharedMemory: boolean }): Uint8Array<ArrayBuffer> {
  const memory = sharedMemory ? [0x03, 0, ...unsigned(MAX_PAGES)] : [0x00, 0];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, functions.map(({ parameters }) => [0x60, ...vector(parameters.map((type) => [typeCodes[type]])), 0])),
    ...section(2, [[...text("host"), ...text("memory"), 0x02, ...memory]]),
    ...section(3, functions.map((_, index) => unsigned(index))),
    ...section(7, functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)])),
    ...section(10, functions.map(functionCode)),
  ]);
}
