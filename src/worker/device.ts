/** Which backend this tab computes on: measured once, chosen by the recipe or by the measurement. */
import { probeBackends, useBackend, type ActiveBackend } from "../engine/backend.ts";
import type { DeviceReport } from "../protocol/models.ts";
import type { Recipe } from "../protocol/recipe.ts";

export class Device {
  private report: Promise<DeviceReport> | null = null;
  private readonly wasmPath: string;

  /** @param wasmPath where the wasm backend's binaries are served, with a trailing slash. */
  constructor(wasmPath: string) {
    this.wasmPath = wasmPath;
  }

  probe(): Promise<DeviceReport> {
    this.report ??= probeBackends({ wasmPath: this.wasmPath });
    return this.report;
  }

  async activate(backend: Recipe["backend"]): Promise<ActiveBackend> {
    const name = backend === "auto" ? (await this.probe()).chosen : backend;
    return useBackend(name, { wasmPath: this.wasmPath });
  }
}
