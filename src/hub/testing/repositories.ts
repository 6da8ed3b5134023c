/** Repositories for the test hub: what a text classifier's looks like, with bytes for weights that mean nothing. */
import type { TestRepository } from "./server.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A ramp: every part of it differs from its neighbours. */
export function someBytes(length: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * seed) & 255);
}

export function textRepository(patch: Partial<TestRepository> = {}, weights: Uint8Array = someBytes(100_000)): TestRepository {
  return {
    name: "someone/tiny-bert",
    revision: "0123456789abcdef0123456789abcdef01234567",
    task: "fill-mask",
    tags: ["safetensors", "bert", "license:apache-2.0"],
    modelType: "bert",
    parameters: 25_000,
    downloads: 12_345,
    files: new Map([
      [".gitattributes", text("*.safetensors filter=lfs")],
      ["config.json", text(JSON.stringify({ model_type: "bert" }))],
      ["README.md", text("---\nlicense: apache-2.0\n---\n")],
      ["model.safetensors", weights],
      ["pytorch_model.bin", someBytes(90_000)],
      ["onnx/model.onnx", someBytes(5000)],
      ["tokenizer.json", text(JSON.stringify({ model: {} }))],
      ["vocab.txt", text("[PAD]\nhello")],
    ]),
    ...patch,
  };
}
