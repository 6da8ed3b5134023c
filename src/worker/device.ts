/** Which backend this tab computes on: measured once, chosen by the recipe or by the measurement. */
import { probeBackends, replaceDevice, useBackend, type ActiveBackend } from "../engine/backend.ts";
import type { DeviceReport } from "../protocol/models.ts";
import type { Recipe } from "../protocol/recipe.ts";

export class Device {
  private report: Promise<DeviceReport> | null = null;
  private active: ActiveBackend | null = null;
  /** Settles with the replacement that is under way. */
  private replaced: Promise<unknown> = Promise.resolve();
  /** How often the device was replaced: what was made before is gone. */
  replacements = 0;
  /** What is on it. */
  readonly tenants = new Set<{ readonly letGo: () => void }>();
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
  async activateAny(): Promise<ActiveBackend> {
    await this.replaced;
    return this.active ?? this.activate("auto");
  }

  async activate(backend: Recipe["backend"]): Promise<ActiveBackend> {
    const name = backend === "auto" ? (await this.probe()).chosen : backend;
    return (this.active = await useBackend(name, { wasmPath: this.wasmPath }));
  }

  /** After a failure of the one in use. */
  async replace(wanted: "webgpu" | "wasm"): Promise<ActiveBackend> {
    this.replacements++;
    for (const tenant of this.tenants) tenant.letGo();
    const replacing = replaceDevice(wanted, { wasmPath: this.wasmPath });
    this.replaced = replacing.catch(() => undefined);
    return (this.active = await replacing);
  }
}
