/**
 * The frozen trunk, computed once per example and view and kept: epochs after the first train only what is unfrozen.
 * Where the kept values would not fit the budget, the trunk runs for every batch instead, with the same result.
 */
import { CancelledError } from "../core/errors.ts";
import type { GraphModule } from "../engine/module.ts";
import { tf, type Tensor } from "../engine/tf.ts";
import type { RunControl } from "./control.ts";
import { stack, type EncodedExample, type ExampleSource } from "./examples.ts";

/** Values at the cut of one example, by name. */
type Kept = ReadonlyMap<string, EncodedExample>;

export interface ExampleView {
  readonly example: number;
  readonly view: number;
}

export interface PrepareOptions {
  readonly batchSize: number;
  readonly control: RunControl;
  readonly onProgress: (done: number, total: number) => void;
}

export class ActivationCache {
  private readonly module: GraphModule;
  private readonly source: ExampleSource;
  private readonly kept = new Map<string, Kept>();
  /** False where there is no frozen trunk, or no room to keep its outputs. */
  readonly enabled: boolean;

  constructor(module: GraphModule, source: ExampleSource, options: { readonly enabled: boolean }) {
    this.module = module;
    this.source = source;
    this.enabled = options.enabled && module.trunk.nodes.length > 0;
  }

  bucket({ example }: ExampleView): number {
    return this.source.bucket(example);
  }

  /** Computes and keeps what is missing of `views`. Does nothing where the cache is off. */
  async prepare(views: readonly ExampleView[], { batchSize, control, onProgress }: PrepareOptions): Promise<void> {
    if (!this.enabled) return;
    const missing = views.filter((view) => !this.kept.has(key(view)));
    const byBucket = new Map<number, ExampleView[]>();
    for (const view of missing) {
      const bucket = this.source.bucket(view.example);
      const group = byBucket.get(bucket);
      if (group) group.push(view);
      else byBucket.set(bucket, [view]);
    }
    let done = views.length - missing.length;
    onProgress(done, views.length);
    for (const group of byBucket.values()) {
      for (let start = 0; start < group.length; start += batchSize) {
        if (control.stopped) throw new CancelledError();
        const batch = group.slice(start, start + batchSize);
        const activations = await this.compute(batch);
        const rows = new Map<string, { data: Float32Array | Int32Array; size: number; shape: number[] }>();
        try {
          for (const [name, tensor] of activations) {
            const data = (await tensor.data()) as Float32Array | Int32Array;
            rows.set(name, { data, size: data.length / batch.length, shape: tensor.shape.slice(1) });
          }
        } finally {
          tf.dispose([...activations.values()]);
        }
        batch.forEach((view, row) => {
          const kept = new Map<string, EncodedExample>();
          for (const [name, { data, size, shape }] of rows) kept.set(name, { data: data.slice(row * size, (row + 1) * size), shape });
          this.kept.set(key(view), kept);
        });
        done += batch.length;
        onProgress(done, views.length);
        await control.checkpoint();
      }
    }
  }

  /** The values at the cut for one batch; the caller disposes them. */
  async batch(views: readonly ExampleView[]): Promise<Map<string, Tensor>> {
    const kept = views.map((view) => this.kept.get(key(view)));
    const first = kept[0];
    if (first === undefined || kept.includes(undefined)) return this.compute(views);
    const dtypes = new Map(this.module.tail.inputs.map((input) => [input.name, input.dtype]));
    return new Map([...first.keys()].map((name) => [name, stack(kept.map((row) => row?.get(name) as EncodedExample), dtypes.get(name) ?? "float32")]));
  }

  private async compute(views: readonly ExampleView[]): Promise<Map<string, Tensor>> {
    const encoded = await Promise.all(views.map(({ example, view }) => this.source.encode(example, view)));
    const input = stack(encoded, this.source.dtype);
    try {
      return this.module.runTrunk(new Map([[this.source.inputName, input]]));
    } finally {
      input.dispose();
    }
  }
}

const key = ({ example, view }: ExampleView): string => `${example}/${view}`;
