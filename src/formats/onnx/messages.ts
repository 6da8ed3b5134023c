/**
 * The messages of an ONNX file, as far as Graft reads and writes them. Field names are those of onnx.proto in camelCase
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto); what is left out there (training, devices, sparse tensors) no graph needs.
 */

/** TensorProto.DataType. */
export const dataTypes = {
  float: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, string: 8, bool: 9, float16: 10, double: 11, uint32: 12, uint64: 13,
  complex64: 14, complex128: 15, bfloat16: 16, float8e4m3fn: 17, float8e4m3fnuz: 18, float8e5m2: 19, float8e5m2fnuz: 20, uint4: 21, int4: 22,
} as const;

export interface TensorProto {
  readonly name: string;
  readonly dims: readonly number[];
  /** One of `dataTypes`; files may have others. */
  readonly dataType: number;
  /**
   * Little-endian bytes; or numbers, one to an element, from the field that the data type goes with (halves as their bits);
   * or texts; or where in another file the bytes are.
   */
  readonly data:
    | { readonly kind: "raw"; readonly bytes: Uint8Array }
    | { readonly kind: "numbers"; readonly values: Float32Array | Float64Array | Int32Array }
    | { readonly kind: "strings"; readonly values: readonly string[] }
    | { readonly kind: "external"; readonly entries: ReadonlyMap<string, string> };
}

/** What is not here (sparse tensors, types) reads as "unsupported". */
export type AttributeValue =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "tensor"; readonly value: TensorProto }
  | { readonly kind: "graph"; readonly value: GraphProto }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  /** Within a function: the value that the calling node gives to the attribute of this name. */
  | { readonly kind: "reference"; readonly value: string }
  | { readonly kind: "unsupported" };

export interface AttributeProto {
  readonly name: string;
  readonly value: AttributeValue;
}

export interface NodeProto {
  readonly name: string;
  readonly opType: string;
  /** `""` and `ai.onnx` are the standard's own. */
  readonly domain: string;
  /** An input that is left out is `""`. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly AttributeProto[];
}

export interface ValueInfoProto {
  readonly name: string;
  /** Undefined where the value is no tensor, or the file does not say. */
  readonly elementType?: number;
  /** A number, the name of an unknown size (`batch`), or null; undefined where the rank is unknown too. */
  readonly shape?: readonly (number | string | null)[];
}

export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  readonly valueInfos?: readonly ValueInfoProto[];
}

/** An op that the file itself defines from others. */
export interface FunctionProto {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeProto[];
}

export interface ModelProto {
  readonly irVersion: number;
  readonly opsetImports: readonly { readonly domain: string; readonly version: number }[];
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly docString?: string;
  readonly graph: GraphProto;
  readonly metadata?: ReadonlyMap<string, string>;
  readonly functions?: readonly FunctionProto[];
}
