/** Bytes -> the messages of an ONNX file. It looks at no op: what a message means is the reader's business. */
import { GraftError } from "../../core/errors.ts";
import type { AttributeProto, AttributeValue, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from "./messages.ts";
import { dataTypes } from "./messages.ts";
import { FieldReader } from "./proto-fields.ts";

/**
 * Tensors' bytes are views of `bytes`, not copies.
 * @throws GraftError if `bytes` are no ONNX model, in every case of damage.
 */
export function decodeModel(bytes: Uint8Array, where = "the ONNX file"): ModelProto {
  const reader = new FieldReader(bytes, where);
  return guarded(reader, () => modelOf(reader));
}

/** A single TensorProto, as the ONNX project's tests keep their inputs. */
export function decodeTensor(bytes: Uint8Array, where = "the tensor"): TensorProto {
  const reader = new FieldReader(bytes, where);
  return guarded(reader, () => tensorOf(reader));
}

/** The library's own errors (a varint without end, a field of an unknown kind) say the same thing: the file is damaged. */
function guarded<T>(reader: FieldReader, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof GraftError) throw error;
    throw reader.damaged("its bytes are no fields of a protocol buffer");
  }
}

function modelOf(reader: FieldReader): ModelProto {
  const opsetImports: { domain: string; version: number }[] = [];
  const metadata = new Map<string, string>();
  const functions: FunctionProto[] = [];
  let irVersion = 0;
  let graph: GraphProto | undefined;
  let producerName: string | undefined;
  let producerVersion: string | undefined;
  let docString: string | undefined;
  reader.fields((field) => {
    if (field === 1) irVersion = reader.integer();
    else if (field === 2) producerName = reader.string();
    else if (field === 3) producerVersion = reader.string();
    else if (field === 6) docString = reader.string();
    else if (field === 7) graph = reader.message(() => graphOf(reader));
    else if (field === 8) opsetImports.push(reader.message(() => opsetOf(reader)));
    else if (field === 14) metadata.set(...reader.message(() => entryOf(reader)));
    else if (field === 25) functions.push(reader.message(() => functionOf(reader)));
  });
  if (graph === undefined) throw reader.damaged("it has no graph");
  return { irVersion, opsetImports, producerName, producerVersion, docString, graph, metadata, functions };
}

function opsetOf(reader: FieldReader): { domain: string; version: number } {
  const opset = { domain: "", version: 0 };
  reader.fields((field) => {
    if (field === 1) opset.domain = reader.string();
    else if (field === 2) opset.version = reader.integer();
  });
  return opset;
}

function entryOf(reader: FieldReader): [string, string] {
  const entry: [string, string] = ["", ""];
  reader.fields((field) => {
    if (field === 1 || field === 2) entry[field - 1] = reader.string();
  });
  return entry;
}

function functionOf(reader: FieldReader): FunctionProto {
  const result = { name: "", domain: "", inputs: [] as string[], outputs: [] as string[], nodes: [] as NodeProto[] };
  reader.fields((field) => {
    if (field === 1) result.name = reader.string();
    else if (field === 4) result.inputs.push(reader.string());
    else if (field === 5) result.outputs.push(reader.string());
    else if (field === 7) result.nodes.push(reader.message(() => nodeOf(reader)));
    else if (field === 10) result.domain = reader.string();
  });
  return result;
}

function graphOf(reader: FieldReader): GraphProto {
  const graph = { name: "", nodes: [] as NodeProto[], initializers: [] as TensorProto[], inputs: [] as ValueInfoProto[], outputs: [] as ValueInfoProto[], valueInfos: [] as ValueInfoProto[] };
  reader.fields((field) => {
    if (field === 1) graph.nodes.push(reader.message(() => nodeOf(reader)));
    else if (field === 2) graph.name = reader.string();
    else if (field === 5) graph.initializers.push(reader.message(() => tensorOf(reader)));
    else if (field === 11) graph.inputs.push(reader.message(() => valueInfoOf(reader)));
    else if (field === 12) graph.outputs.push(reader.message(() => valueInfoOf(reader)));
    else if (field === 13) graph.valueInfos.push(reader.message(() => valueInfoOf(reader)));
    else if (field === 15) throw reader.damaged("it has sparse weights, which Graft does not read");
  });
  return graph;
}

function nodeOf(reader: FieldReader): NodeProto {
  const node = { name: "", opType: "", domain: "", inputs: [] as string[], outputs: [] as string[], attributes: [] as AttributeProto[] };
  reader.fields((field) => {
    if (field === 1) node.inputs.push(reader.string());
    else if (field === 2) node.outputs.push(reader.string());
    else if (field === 3) node.name = reader.string();
    else if (field === 4) node.opType = reader.string();
    else if (field === 5) node.attributes.push(reader.message(() => attributeOf(reader)));
    else if (field === 7) node.domain = reader.string();
  });
  return node;
}

/** AttributeProto.AttributeType; files of the first years leave it out. */
const attributeTypes: Readonly<Record<number, AttributeValue["kind"]>> = { 1: "float", 2: "int", 3: "string", 4: "tensor", 5: "graph", 6: "floats", 7: "ints", 8: "strings" };

function attributeOf(reader: FieldReader): AttributeProto {
  let name = "";
  let type = 0;
  let single: AttributeValue | undefined;
  let reference: string | undefined;
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  reader.fields((field) => {
    if (field === 1) name = reader.string();
    else if (field === 2) single = { kind: "float", value: reader.float() };
    else if (field === 3) single = { kind: "int", value: reader.integer() };
    else if (field === 4) single = { kind: "string", value: reader.string() };
    else if (field === 5) single = { kind: "tensor", value: reader.message(() => tensorOf(reader)) };
    else if (field === 6) single = { kind: "graph", value: reader.message(() => graphOf(reader)) };
    else if (field === 7) reader.floatsInto(floats);
    else if (field === 8) reader.integersInto(ints);
    else if (field === 9) strings.push(reader.string());
    else if (field === 20) type = reader.integer();
    else if (field === 21) reference = reader.string();
  });
  if (reference !== undefined && reference !== "") return { name, value: { kind: "reference", value: reference } };
  const kind = attributeTypes[type] ?? (type !== 0 ? "unsupported" : (single?.kind ?? (floats.length > 0 ? "floats" : ints.length > 0 ? "ints" : "strings")));
  if (kind === "floats") return { name, value: { kind, value: floats } };
  if (kind === "ints") return { name, value: { kind, value: ints } };
  if (kind === "strings") return { name, value: { kind, value: strings } };
  if (kind === "unsupported") return { name, value: { kind } };
  // proto3 writers leave out a zero.
  if (single === undefined && (kind === "float" || kind === "int")) return { name, value: { kind, value: 0 } };
  if (single === undefined && kind === "string") return { name, value: { kind, value: "" } };
  if (single?.kind !== kind) throw reader.damaged(`the value of attribute "${name}" is not of its type`);
  return { name, value: single };
}

function tensorOf(reader: FieldReader): TensorProto {
  let name = "";
  let dataType = 0;
  let raw: Uint8Array | undefined;
  let isExternal = false;
  const dims: number[] = [];
  const strings: string[] = [];
  const external = new Map<string, string>();
  const lists: (Float32Array | Float64Array | Int32Array)[] = [];
  reader.fields((field) => {
    if (field === 1) reader.integersInto(dims);
    else if (field === 2) dataType = reader.integer();
    else if (field === 3) throw reader.damaged("a tensor is stored in segments, which Graft does not read");
    else if (field === 4) lists.push(reader.packedFloats());
    else if (field === 5 || field === 7 || field === 11) lists.push(reader.packedIntegers());
    else if (field === 6) strings.push(reader.string());
    else if (field === 8) name = reader.string();
    else if (field === 9) raw = reader.bytes();
    else if (field === 10) lists.push(reader.packedDoubles());
    else if (field === 13) external.set(...reader.message(() => entryOf(reader)));
    else if (field === 14) isExternal = reader.integer() === 1;
  });
  if (isExternal) return { name, dims, dataType, data: { kind: "external", entries: external } };
  if (dataType === dataTypes.string) return { name, dims, dataType, data: { kind: "strings", values: strings } };
  if (raw !== undefined) return { name, dims, dataType, data: { kind: "raw", bytes: raw } };
  return { name, dims, dataType, data: { kind: "numbers", values: joined(lists) } };
}

/** A list may come in pieces, each value a piece of its own where the writer does not pack. */
function joined(lists: readonly (Float32Array | Float64Array | Int32Array)[]): Float32Array | Float64Array | Int32Array {
  const [first] = lists;
  if (first === undefined) return new Float32Array(0);
  if (lists.length === 1) return first;
  const length = lists.reduce((sum, list) => sum + list.length, 0);
  const result = lists.every((list) => list instanceof Float32Array) ? new Float32Array(length) : new Float64Array(length);
  let at = 0;
  for (const list of lists) {
    result.set(list, at);
    at += list.length;
  }
  return result;
}

function valueInfoOf(reader: FieldReader): ValueInfoProto {
  let name = "";
  let type: Omit<ValueInfoProto, "name"> = {};
  reader.fields((field) => {
    if (field === 1) name = reader.string();
    else if (field === 2) type = reader.message(() => typeOf(reader));
  });
  return { name, ...type };
}

function typeOf(reader: FieldReader): Omit<ValueInfoProto, "name"> {
  let elementType: number | undefined;
  let shape: (number | string | null)[] | undefined;
  reader.fields((field) => {
    if (field !== 1) return;
    reader.message(() =>
      reader.fields((inner) => {
        if (inner === 1) elementType = reader.integer();
        else if (inner === 2) shape = reader.message(() => shapeOf(reader));
      }),
    );
  });
  return { elementType, shape };
}

function shapeOf(reader: FieldReader): (number | string | null)[] {
  const dims: (number | string | null)[] = [];
  reader.fields((field) => {
    if (field !== 1) return;
    let dim: number | string | null = null;
    reader.message(() =>
      reader.fields((inner) => {
        if (inner === 1) dim = reader.integer();
        else if (inner === 2) dim = reader.string();
      }),
    );
    dims.push(dim);
  });
  return dims;
}
