/** Which backend this tab computes on: measured once, chosen by the recipe or by the measurement. */
import { probeBackends, replaceDevice, useBackend, type ActiveBackend } from "../engine/backend.ts";
import type { DeviceReport } from "../protocol/models.ts";
import type { Recipe } from "../protocol/recipe.ts";

export class Device {
  private report: Promise<DeviceReport> | null = null;
  private active = false;
  private readonly wasmPath: string;

  /** @param wasmPath where the wasm backend's binaries are served, with a trailing slash. */
  constructor(wasmPath: string) {
    this.wasmPath = wasmPath;
  }

  probe(): Promise<DeviceReport> {
    this.report ??= probeBackends({ wasmPath: this.wasmPath });
    return this.report;
  }

  /** Keeps the backend that is in use, and chooses one where none is. */
  async activateAny(): Promise<void> {
    if (!this.active) await this.activate("auto");
  }

  async activate(backend: Recipe["backend"]): Promise<ActiveBackend> {
    const name = backend === "auto" ? (await this.probe()).chosen : backend;
    const started = await useBackend(name, { wasmPath: this.wasmPath });
    this.active = true;
    return started;
  }

  /** After a failure of the one in use. */
  replace(wanted: "webgpu" | "wasm"): Promise<ActiveBackend> {
    return replaceDevice(wanted, { wasmPath: this.wasmPath });
  }
}
