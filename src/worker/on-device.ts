/**
 * A model that answers questions, its tensors on the device: where the device fails, which is noticed when something is asked, the
 * model is made again on another one and asked again. Training has its own way to go on (runs.ts).
 */
import { CancelledError } from "../core/errors.ts";
import { deviceFailure, type ActiveBackend } from "../engine/backend.ts";
import type { Device } from "./device.ts";

interface Disposable {
  readonly dispose: () => void;
}

export class OnDevice<Model extends Disposable> {
  private readonly device: Device;
  private readonly make: ((backend: ActiveBackend) => Promise<Model>) | null;
  private model: Model | null;
  private making: Promise<Model> | null = null;
  private isOver = false;

  /** Consumes `model`. @param make null where the device is none that can fail. */
  constructor(device: Device, model: Model, make: ((backend: ActiveBackend) => Promise<Model>) | null) {
    this.device = device;
    this.model = model;
    this.make = make;
    device.tenants.add(this);
  }

  /** @param question may be asked again from its beginning. */
  async ask<Answer>(question: (model: Model) => Promise<Answer>): Promise<Answer> {
    for (let attemptsLeft = 2; ; attemptsLeft--) {
      const { replacements } = this.device;
      // Another question may have found out before.
      const isReplaced = (): boolean => this.device.replacements !== replacements;
      try {
        return await question(await this.made());
      } catch (error) {
        if (attemptsLeft === 0 || this.make === null || this.isOver) throw error;
        const failure = isReplaced() ? null : await deviceFailure(error);
        if (isReplaced()) continue;
        if (failure === null) throw error;
        await this.device.replace(failure === "lost" && attemptsLeft === 2 ? "webgpu" : "wasm");
      }
    }
  }

  /** What was on a device that failed has to go before there is another. */
  letGo(): void {
    if (this.make === null) return;
    this.model?.dispose();
    this.model = null;
  }

  dispose(): void {
    this.isOver = true;
    this.device.tenants.delete(this);
    this.model?.dispose();
    this.model = null;
  }

  private made(): Promise<Model> {
    if (this.model) return Promise.resolve(this.model);
    this.making ??= this.makeAgain().finally(() => (this.making = null));
    return this.making;
  }

  private async makeAgain(): Promise<Model> {
    const backend = await this.device.activateAny();
    const model = await this.make?.(backend);
    if (model && !this.isOver) return (this.model = model);
    model?.dispose();
    throw new CancelledError();
  }
}
