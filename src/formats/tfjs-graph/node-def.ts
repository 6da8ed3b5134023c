/** A node of a TensorFlow graph as model.json has it (the JSON form of NodeDef in tensorflow/core/framework/node_def.proto). */
import type { DType, Shape } from "../../core/shape.ts";

export interface AttrValue {
  readonly type?: string;
  /** Base64 */
  readonly s?: string;
  /** Decimal, as 64-bit integers are in JSON. */
  readonly i?: string;
  readonly f?: number;
  readonly b?: boolean;
  readonly list?: { readonly i: readonly string[] };
  readonly shape?: TensorShape;
  readonly tensor?: { readonly dtype: string; readonly tensorShape: TensorShape };
}

export interface TensorShape {
  readonly dim?: readonly { readonly size: string }[];
}

export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: Readonly<Record<string, AttrValue>>;
}

export const dtypeName = (dtype: DType): string => (dtype === "float32" ? "DT_FLOAT" : "DT_INT32");

/** An unknown size is -1. */
export const tensorShape = (shape: Shape): TensorShape => (shape.length === 0 ? {} : { dim: shape.map((dim) => ({ size: String(dim ?? -1) })) });

export const typeAttr = (dtype: DType): AttrValue => ({ type: dtypeName(dtype) });
export const textAttr = (text: string): AttrValue => ({ s: btoa(text) });
export const boolAttr = (b: boolean): AttrValue => ({ b });
export const floatAttr = (f: number): AttrValue => ({ f });
export const intsAttr = (values: readonly number[]): AttrValue => ({ list: { i: values.map(String) } });
