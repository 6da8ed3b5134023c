/** The messages of an ONNX file -> bytes. It checks nothing: a writer makes only messages that are right. */
import { PbfWriter } from "pbf";
import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from "./messages.ts";
import { dataTypes } from "./messages.ts";

export function encodeModel(model: ModelProto): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, model.irVersion);
  if (model.producerName !== undefined) pbf.writeStringField(2, model.producerName);
  if (model.producerVersion !== undefined) pbf.writeStringField(3, model.producerVersion);
  if (model.docString !== undefined) pbf.writeStringField(6, model.docString);
  pbf.writeMessage(7, writeGraph, model.graph);
  for (const opset of model.opsetImports) pbf.writeMessage(8, writeOpset, opset);
  for (const entry of model.metadata ?? []) pbf.writeMessage(14, writeEntry, entry);
  for (const each of model.functions ?? []) {
    pbf.writeMessage(25, (_: null) => {
      pbf.writeStringField(1, each.name);
      for (const input of each.inputs) pbf.writeStringField(4, input);
      for (const output of each.outputs) pbf.writeStringField(5, output);
      for (const node of each.nodes) pbf.writeMessage(7, writeNode, node);
      for (const opset of model.opsetImports) pbf.writeMessage(9, writeOpset, opset);
      pbf.writeStringField(10, each.domain);
    }, null);
  }
  return pbf.finish();
}

function writeOpset({ domain, version }: ModelProto["opsetImports"][number], pbf: PbfWriter): void {
  pbf.writeStringField(1, domain);
  pbf.writeVarintField(2, version);
}

function writeEntry([key, value]: readonly [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}

function writeGraph(graph: GraphProto, pbf: PbfWriter): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, graph.name);
  for (const tensor of graph.initializers) pbf.writeMessage(5, writeTensor, tensor);
  for (const input of graph.inputs) pbf.writeMessage(11, writeValueInfo, input);
  for (const output of graph.outputs) pbf.writeMessage(12, writeValueInfo, output);
  for (const value of graph.valueInfos ?? []) pbf.writeMessage(13, writeValueInfo, value);
}

function writeNode(node: NodeProto, pbf: PbfWriter): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  for (const output of node.outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, node.name);
  pbf.writeStringField(4, node.opType);
  for (const attribute of node.attributes) pbf.writeMessage(5, writeAttribute, attribute);
  if (node.domain !== "") pbf.writeStringField(7, node.domain);
}

function writeAttribute({ name, value }: AttributeProto, pbf: PbfWriter): void {
  const typed = (type: number): void => pbf.writeVarintField(20, type);
  pbf.writeStringField(1, name);
  switch (value.kind) {
    case "float":
      pbf.writeFloatField(2, value.value);
      return typed(1);
    case "int":
      pbf.writeVarintField(3, value.value);
      return typed(2);
    case "string":
      pbf.writeStringField(4, value.value);
      return typed(3);
    case "tensor":
      pbf.writeMessage(5, writeTensor, value.value);
      return typed(4);
    case "graph":
      pbf.writeMessage(6, writeGraph, value.value);
      return typed(5);
    case "floats":
      for (const each of value.value) pbf.writeFloatField(7, each);
      return typed(6);
    case "ints":
      for (const each of value.value) pbf.writeVarintField(8, each);
      return typed(7);
    case "strings":
      for (const each of value.value) pbf.writeStringField(9, each);
      return typed(8);
    case "reference":
      return pbf.writeStringField(21, value.value);
    case "unsupported":
      throw new Error(`Attribute "${name}" is of a kind that is not kept.`);
  }
}

function writeTensor({ name, dims, dataType, data }: TensorProto, pbf: PbfWriter): void {
  for (const dim of dims) pbf.writeVarintField(1, dim);
  pbf.writeVarintField(2, dataType);
  if (data.kind === "numbers") writeNumbers(dataType, [...data.values], pbf);
  if (data.kind === "strings") for (const value of data.values) pbf.writeStringField(6, value);
  pbf.writeStringField(8, name);
  if (data.kind === "raw") pbf.writeBytesField(9, data.bytes);
  if (data.kind === "external") {
    for (const entry of data.entries) pbf.writeMessage(13, writeEntry, entry);
    pbf.writeVarintField(14, 1);
  }
}

function writeNumbers(dataType: number, values: number[], pbf: PbfWriter): void {
  if (dataType === dataTypes.float) pbf.writePackedFloat(4, values);
  else if (dataType === dataTypes.double) pbf.writePackedDouble(10, values);
  else if (dataType === dataTypes.int64) pbf.writePackedVarint(7, values);
  else if (dataType === dataTypes.uint32 || dataType === dataTypes.uint64) pbf.writePackedVarint(11, values);
  else pbf.writePackedVarint(5, values);
}

function writeValueInfo({ name, elementType, shape }: ValueInfoProto, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (elementType === undefined) return;
  const writeDim = (dim: number | string | null): void => {
    if (typeof dim === "number") pbf.writeVarintField(1, dim);
    else if (dim !== null) pbf.writeStringField(2, dim);
  };
  const writeShape = (dims: readonly (number | string | null)[]): void => {
    for (const dim of dims) pbf.writeMessage(1, writeDim, dim);
  };
  const writeTensorType = (): void => {
    pbf.writeVarintField(1, elementType);
    if (shape !== undefined) pbf.writeMessage(2, writeShape, shape);
  };
  const writeType = (): void => pbf.writeMessage(1, writeTensorType, null);
  pbf.writeMessage(2, writeType, null);
}
